{{- define "standin.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "standin.selector" . }}
{{- end }}

{{- define "standin.selector" -}}
app.kubernetes.io/name: {{ .app | default .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* kind, name, component, image, root; replicas, args, resources and app where they matter */ -}}
{{- define "standin.workload" -}}
---
apiVersion: apps/v1
kind: {{ .kind | default "Deployment" }}
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "standin.labels" . | nindent 4 }}
spec:
  {{- if ne (.kind | default "Deployment") "DaemonSet" }}
  replicas: {{ .replicas | default 1 }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "standin.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "standin.labels" . | nindent 8 }}
    spec:
      {{- if eq (.kind | default "Deployment") "DaemonSet" }}
      tolerations:
        - {operator: Exists, effect: NoSchedule}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ .image | quote }}
          {{- with .args }}
          args:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
{{- end }}

{{- /* name, component, type, annotations, ports, root */ -}}
{{- define "standin.service" -}}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "standin.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .type | default "ClusterIP" }}
  {{- with .spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  selector:
    {{- include "standin.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports }}
    - name: {{ $name }}
      protocol: TCP
      port: {{ $port }}
      targetPort: {{ $name }}
    {{- end }}
{{- end }}

{{- /* names, root: cluster-wide roles of the release's programs and their bindings, as the real chart calls them */ -}}
{{- define "standin.roles" -}}
{{- range $name := .names }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels:
    {{- include "standin.labels" (dict "root" $.root "component" "rbac") | nindent 4 }}
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "standin.labels" (dict "root" $.root "component" "rbac") | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $.root.Release.Name }}
    namespace: {{ $.root.Release.Namespace }}
{{- end }}
{{- end }}

{{- /* kind, name, hook, service, groups, resources, root; namespaceSelector where it matters. The real ones fail closed:
       here nobody would ever answer. */ -}}
{{- define "standin.webhook" -}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: {{ .kind }}WebhookConfiguration
metadata:
  name: {{ .name }}
  labels:
    {{- include "standin.labels" (dict "root" .root "component" "webhook") | nindent 4 }}
webhooks:
  - name: {{ .hook }}
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    timeoutSeconds: 1
    {{- with .namespaceSelector }}
    namespaceSelector:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    clientConfig:
      service:
        name: {{ .service }}
        namespace: {{ .root.Release.Namespace }}
        path: /admit
    rules:
      - apiGroups: {{ toJson .groups }}
        apiVersions: ["*"]
        operations: [CREATE, UPDATE]
        resources: {{ toJson .resources }}
{{- end }}

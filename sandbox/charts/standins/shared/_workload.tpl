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

// Pins Grafana's own types of dashboards; tests/proving/grafana.py builds the check from them.
module flotilla.dev/tools/grafana

go 1.24

require (
	github.com/grafana/grafana-foundation-sdk/go v0.0.22
)

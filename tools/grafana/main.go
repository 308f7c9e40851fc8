// Command grafana reads dashboards as Grafana's published types have them: no field may be missing, unknown or of
// another type. It prints what is wrong, and ends with 1 when anything is.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	wrong := false
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil && err.Error() != "" {
			wrong = true
			fmt.Printf("%s: %v\n", name, err)
		}
	}
	if wrong {
		os.Exit(1)
	}
}

func check(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var found dashboard.Dashboard
	if err := found.UnmarshalJSONStrict(text); err != nil {
		return err
	}
	return found.Validate()
}

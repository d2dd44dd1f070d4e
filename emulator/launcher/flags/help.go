package flags

import (
	"fmt"
	"io"
	"strings"
)

// WriteHelp lists the flags of a role, one a line, in the layout of k3s's own help.
func WriteHelp(out io.Writer, role Role) {
	what := "Run management server"
	if role == Agent {
		what = "Run node agent"
	}
	fmt.Fprintf(out, "NAME:\n   k3s %s - %s\n\nUSAGE:\n   k3s %s [OPTIONS]\n\nOPTIONS:\n", role, what, role)
	for _, flag := range ForRole(role) {
		fmt.Fprintf(out, "   %-48s %s%s\n", helpName(flag), strings.ReplaceAll(flag.Usage, "`", ""), helpNote(flag))
	}
	fmt.Fprintf(out, "   %-48s %s\n", "--help, -h", "show help")
}

func helpName(flag Flag) string {
	dashes := "--"
	if len(flag.Name) == 1 {
		dashes = "-"
	}
	names := []string{dashes + flag.Name}
	if flag.Short != "" {
		names = append(names, "-"+flag.Short)
	}
	if flag.Kind != Bool {
		for i := range names {
			names[i] += " value"
		}
	}
	return strings.Join(names, ", ")
}

func helpNote(flag Flag) string {
	note := ""
	if flag.Default != "" {
		note += fmt.Sprintf(" (default: %s)", flag.Default)
	}
	if flag.Env != "" {
		note += fmt.Sprintf(" [$%s]", flag.Env)
	}
	if flag.Accepted {
		note += " (accepted, without effect in this launcher)"
	}
	return note
}

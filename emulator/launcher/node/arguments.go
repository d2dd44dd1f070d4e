package node

import (
	"sort"
	"strings"
)

// Arguments joins a program's own flags with those that the user gave for it (key=value, or a bare key). What the user gives replaces ours of
// the same name; a key given several times is passed on several times.
func Arguments(own map[string]string, given []string) []string {
	replaced := map[string]bool{}
	for _, argument := range given {
		name, _, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		replaced[name] = true
	}
	var arguments []string
	for name, value := range own {
		if !replaced[name] {
			arguments = append(arguments, "--"+name+"="+value)
		}
	}
	sort.Strings(arguments)
	for _, argument := range given {
		arguments = append(arguments, "--"+strings.TrimLeft(argument, "-"))
	}
	return arguments
}

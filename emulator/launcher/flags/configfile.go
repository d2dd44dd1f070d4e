package flags

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setting is one key of the merged configuration files.
type setting struct {
	key    string
	values []string
}

// ReadConfig merges a configuration file with the *.yaml files of the directory named after it plus ".d", in name order. The last
// value of a key wins, `key+` appends to what is there. A file that does not exist is no error unless required.
// The result is a list of arguments to put before those of the command line, and the unknown keys.
func ReadConfig(path string, role Role, required bool) (args []string, unknown []string, err error) {
	files, err := configFiles(path, required)
	if err != nil {
		return nil, nil, err
	}
	var settings []setting
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		if settings, err = mergeConfig(settings, content); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	values := NewValues(role)
	for _, setting := range settings {
		flag, found := values.lookup(setting.key)
		if !found {
			unknown = append(unknown, setting.key)
			continue
		}
		for _, value := range setting.values {
			args = append(args, fmt.Sprintf("--%s=%s", flag.Name, value))
		}
	}
	return args, unknown, nil
}

func configFiles(path string, required bool) ([]string, error) {
	var files []string
	if _, err := os.Stat(path); err == nil {
		files = append(files, path)
	} else if required || !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	entries, err := os.ReadDir(path + ".d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		if !entry.IsDir() && (extension == ".yaml" || extension == ".yml") {
			names = append(names, entry.Name())
		}
	}
	sort.Strings(names)
	for _, name := range names {
		files = append(files, filepath.Join(path+".d", name))
	}
	return files, nil
}

// mergeConfig adds one file to what was read before it.
func mergeConfig(settings []setting, content []byte) ([]setting, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return settings, nil
	}
	mapping := document.Content[0]
	if mapping.Kind == yaml.ScalarNode && mapping.Tag == "!!null" {
		return settings, nil
	}
	if mapping.Kind != yaml.MappingNode {
		return nil, errors.New("the configuration is not a mapping of keys to values")
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key := mapping.Content[i].Value
		values, err := scalars(mapping.Content[i+1])
		if err != nil {
			return nil, fmt.Errorf("key %s (line %d): %w", key, mapping.Content[i].Line, err)
		}
		name, appends := strings.CutSuffix(key, "+")
		at := indexOf(settings, name)
		switch {
		case at < 0:
			settings = append(settings, setting{name, values})
		case appends:
			settings[at].values = append(settings[at].values, values...)
		default:
			settings[at].values = values
		}
	}
	return settings, nil
}

func indexOf(settings []setting, key string) int {
	for i, setting := range settings {
		if setting.key == key {
			return i
		}
	}
	return -1
}

// scalars turns a value of the file into the values of a flag.
func scalars(node *yaml.Node) ([]string, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return scalars(node.Alias)
	case yaml.ScalarNode:
		if node.Tag == "!!null" {
			return nil, nil
		}
		return []string{node.Value}, nil
	case yaml.SequenceNode:
		var values []string
		for _, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return nil, errors.New("a list may hold plain values only")
			}
			values = append(values, item.Value)
		}
		return values, nil
	default:
		return nil, errors.New("expected a value or a list of values")
	}
}

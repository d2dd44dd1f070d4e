package cluster

import (
	"context"
	"fmt"
	"strings"
)

// Resource is a kind of object as the API server serves it.
type Resource struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Namespaced bool   `json:"namespaced"`
}

// Object is any Kubernetes object.
type Object map[string]any

// APIVersion is the object's group and version, such as apps/v1.
func (o Object) APIVersion() string { return text(o, "apiVersion") }

// Kind is the object's kind.
func (o Object) Kind() string { return text(o, "kind") }

// Name is the object's name.
func (o Object) Name() string { return text(o.metadata(), "name") }

// Namespace is the object's namespace, empty where it has none.
func (o Object) Namespace() string { return text(o.metadata(), "namespace") }

// SetNamespace puts the object into a namespace.
func (o Object) SetNamespace(namespace string) { o.metadata()["namespace"] = namespace }

// Mark adds a label or an annotation (field is "labels" or "annotations").
func (o Object) Mark(field, key, value string) {
	metadata := o.metadata()
	values, ok := metadata[field].(map[string]any)
	if !ok {
		values = map[string]any{}
		metadata[field] = values
	}
	values[key] = value
}

func (o Object) metadata() map[string]any {
	metadata, ok := o["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		o["metadata"] = metadata
	}
	return metadata
}

func text(values map[string]any, key string) string {
	value, _ := values[key].(string)
	return value
}

// Root is the path of an API group and version.
func Root(apiVersion string) string {
	if strings.Contains(apiVersion, "/") {
		return "/apis/" + apiVersion
	}
	return "/api/" + apiVersion
}

// Find asks the API server how it serves a kind. Answers are kept; what is not known is asked again, as a definition may have come since.
func (c *Client) Find(ctx context.Context, apiVersion, kind string) (Resource, error) {
	if found, ok := c.remembered(apiVersion, kind); ok {
		return found, nil
	}
	var list struct {
		Resources []Resource `json:"resources"`
	}
	err := c.Get(ctx, Root(apiVersion), &list)
	if err != nil && !IsNotFound(err) {
		return Resource{}, err
	}
	c.mutex.Lock()
	c.known[apiVersion] = list.Resources
	c.mutex.Unlock()
	if found, ok := c.remembered(apiVersion, kind); ok {
		return found, nil
	}
	return Resource{}, fmt.Errorf("no matches for kind %q in version %q", kind, apiVersion)
}

func (c *Client) remembered(apiVersion, kind string) (Resource, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, resource := range c.known[apiVersion] {
		if resource.Kind == kind && !strings.Contains(resource.Name, "/") {
			return resource, true
		}
	}
	return Resource{}, false
}

// Path is the path of an object of a resource; without a name, of the collection.
func (r Resource) Path(apiVersion, namespace, name string) string {
	path := Root(apiVersion)
	if r.Namespaced && namespace != "" {
		path += "/namespaces/" + namespace
	}
	path += "/" + r.Name
	if name != "" {
		path += "/" + name
	}
	return path
}

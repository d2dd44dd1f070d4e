package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k3s-board/emulator/launcher/cluster"
	"k3s-board/emulator/launcher/journal"
)

const definitionPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/addons.k3s.cattle.io"

// kindsAnnotation is where k3s remembers, with an Addon, the kinds that a file has held: `apps/v1, Kind=Deployment;/v1, Kind=Secret`.
const kindsAnnotation = "addon.k3s.cattle.io/gvks"

// addonRecord is what is remembered about a file: enough to find what it once held.
type addonRecord struct {
	Source   string
	Checksum string
	Kinds    []kindOf
}

// addon is the record as an object.
func (r addonRecord) addon(name string) map[string]any {
	return map[string]any{
		"apiVersion": addonAPI, "kind": addonKind,
		"metadata": map[string]any{
			"name": name, "namespace": addonHome, "annotations": map[string]any{kindsAnnotation: kindsText(r.Kinds)},
		},
		"spec": map[string]any{"source": r.Source, "checksum": r.Checksum},
	}
}

func kindsText(kinds []kindOf) string {
	var texts []string
	for _, kind := range kinds {
		texts = append(texts, kind.Group+"/"+kind.Version+", Kind="+kind.Kind)
	}
	return strings.Join(texts, ";")
}

// parseKinds reads what kindsText has written; what is none of it is left out.
func parseKinds(text string) []kindOf {
	var kinds []kindOf
	for _, part := range strings.Split(text, ";") {
		apiVersion, kind, found := strings.Cut(part, ", Kind=")
		group, version, whole := strings.Cut(apiVersion, "/")
		if found && whole {
			kinds = append(kinds, kindOf{group, version, kind})
		}
	}
	return kinds
}

func addonPath(name string) string {
	return cluster.Root(addonAPI) + "/namespaces/" + addonHome + "/addons/" + name
}

// defineAddons makes the kind Addon known, as k3s does, so that `kubectl get addons -A` works and records survive a restart.
func (d *Deployer) defineAddons(ctx context.Context) error {
	if _, err := d.Client.Find(ctx, addonAPI, addonKind); err == nil {
		return nil
	}
	text := map[string]any{"type": "string"}
	spec := map[string]any{"type": "object", "properties": map[string]any{"source": text, "checksum": text}}
	column := func(name string) map[string]any {
		return map[string]any{"name": name, "type": "string", "jsonPath": ".spec." + map[string]string{"Source": "source", "Checksum": "checksum"}[name]}
	}
	definition := map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "addons.k3s.cattle.io"},
		"spec": map[string]any{
			"group": "k3s.cattle.io", "scope": "Namespaced",
			"names": map[string]any{"kind": addonKind, "plural": "addons", "singular": "addon", "listKind": "AddonList"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema":                   map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{"spec": spec}}},
				"additionalPrinterColumns": []any{column("Source"), column("Checksum")},
			}},
		},
	}
	if err := d.Client.Apply(ctx, definitionPath, d.Manager, definition); err != nil {
		return err
	}
	for range 120 {
		if _, err := d.Client.Find(ctx, addonAPI, addonKind); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	return fmt.Errorf("the API server does not serve %s after 60 s", addonAPI)
}

// record reads what is remembered about a file; nothing, when it is new.
func (d *Deployer) record(ctx context.Context, addon string) (addonRecord, error) {
	var found struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
		Spec struct {
			Source   string `json:"source"`
			Checksum string `json:"checksum"`
		} `json:"spec"`
	}
	err := d.Client.Get(ctx, addonPath(addon), &found)
	if cluster.IsNotFound(err) {
		err = nil
	}
	return addonRecord{found.Spec.Source, found.Spec.Checksum, parseKinds(found.Metadata.Annotations[kindsAnnotation])}, err
}

func (d *Deployer) keepRecord(ctx context.Context, addon string, record addonRecord) error {
	return d.Client.Apply(ctx, addonPath(addon), d.Manager, record.addon(addon))
}

func (d *Deployer) dropRecord(ctx context.Context, addon string) error {
	return d.Client.Delete(ctx, addonPath(addon))
}

// event tells log and cluster what was done with a file, in k3s's words. That it could not be recorded is no reason to stop.
func (d *Deployer) event(ctx context.Context, addon, kind, reason, message string) {
	journal.Info("Event occurred apiVersion=%s kind=%s message=%q object=%s/%s reason=%s type=%s", addonAPI, addonKind, message, addonHome, addon, reason, kind)
	now := time.Now().UTC().Format(time.RFC3339)
	err := d.Client.Create(ctx, "/api/v1/namespaces/"+addonHome+"/events", map[string]any{
		"apiVersion": "v1", "kind": "Event",
		"metadata":       map[string]any{"generateName": addon + ".", "namespace": addonHome},
		"involvedObject": map[string]any{"apiVersion": addonAPI, "kind": addonKind, "name": addon, "namespace": addonHome},
		"type":           kind, "reason": reason, "message": message, "count": 1,
		"firstTimestamp": now, "lastTimestamp": now, "source": map[string]any{"component": "k3s-deploy"},
	})
	if err != nil {
		journal.Debug("event not recorded: %v", err)
	}
}

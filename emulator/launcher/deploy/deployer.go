package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k3s-board/emulator/launcher/cluster"
	"k3s-board/emulator/launcher/journal"
)

// interval is how often the directory is looked at, k3s's own.
const interval = 15 * time.Second

// Deployer keeps a cluster like the files of a directory.
type Deployer struct {
	Client    *cluster.Client
	Directory string
	Disable   []string
	// Manager names the owner of the fields that are applied.
	Manager string

	seen map[string]stamp
}

// stamp tells whether a file may have changed since it was last dealt with.
type stamp struct {
	modified time.Time
	size     int64
}

// Run applies everything once and then what changes, until the context ends.
func (d *Deployer) Run(ctx context.Context) {
	d.seen = map[string]stamp{}
	force := true
	for {
		if err := d.defineAddons(ctx); err != nil {
			journal.Warn("Failed to define addons.k3s.cattle.io, will retry: %v", err)
		} else if err := d.scan(ctx, force); err != nil {
			journal.Error("Failed to process %s, will retry: %v", d.Directory, err)
		} else {
			force = false
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

// scan deals with every file that is new or different. With force, with all of them.
func (d *Deployer) scan(ctx context.Context, force bool) error {
	manifests, skips, err := list(d.Directory)
	if err != nil {
		return err
	}
	rules := NewRules(d.Disable, skips)
	var failures []error
	for _, name := range manifests {
		path := filepath.Join(d.Directory, name)
		if rules.Disabled(name) {
			if err := d.remove(ctx, name); err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", path, err))
			}
			continue
		}
		if rules.Skipped(name) {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			continue // removed since it was listed
		}
		now := stamp{info.ModTime(), info.Size()}
		if !force && d.seen[name] == now {
			continue
		}
		if err := d.deploy(ctx, name, force); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", path, err))
			continue
		}
		d.seen[name] = now
	}
	return errors.Join(failures...)
}

// deploy applies one file and removes what it no longer holds.
func (d *Deployer) deploy(ctx context.Context, name string, force bool) error {
	path := filepath.Join(d.Directory, name)
	addon := addonName(name)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	checksum := hex.EncodeToString(sum[:])
	record, err := d.record(ctx, addon)
	if err != nil {
		return err
	}
	if !force && record.Checksum == checksum {
		return nil
	}
	objects, err := Parse(content)
	if err != nil {
		d.event(ctx, addon, "Warning", "ParseManifestFailed", fmt.Sprintf("Parse manifest at %q failed: %v", path, err))
		return err
	}
	d.event(ctx, addon, "Normal", "ApplyingManifest", fmt.Sprintf("Applying manifest at %q", path))
	if err := d.apply(ctx, addon, objects, record); err != nil {
		d.event(ctx, addon, "Warning", "ApplyManifestFailed", fmt.Sprintf("Applying manifest at %q failed: %v", path, err))
		return err
	}
	if err := d.keepRecord(ctx, addon, addonRecord{Source: path, Checksum: checksum, Kinds: kindsOf(objects)}); err != nil {
		return err
	}
	d.event(ctx, addon, "Normal", "AppliedManifest", fmt.Sprintf("Applied manifest at %q", path))
	return nil
}

// apply makes the cluster hold these objects of a file. Nothing is pruned unless all could be applied.
func (d *Deployer) apply(ctx context.Context, addon string, objects []cluster.Object, record addonRecord) error {
	var failures []error
	for _, object := range objects {
		if err := d.applyObject(ctx, addon, object); err != nil {
			failures = append(failures, fmt.Errorf("%s %s: %w", object.Kind(), identity(object), err))
		}
	}
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	if record.Checksum == "" {
		return nil // never applied before: there is nothing old
	}
	return d.prune(ctx, addon, objects, record.Kinds)
}

func (d *Deployer) applyObject(ctx context.Context, addon string, object cluster.Object) error {
	resource, err := d.Client.Find(ctx, object.APIVersion(), object.Kind())
	if err != nil {
		return err
	}
	if resource.Namespaced && object.Namespace() == "" {
		object.SetNamespace("default")
	}
	own(object, addon)
	return d.Client.Apply(ctx, resource.Path(object.APIVersion(), object.Namespace(), object.Name()), d.Manager, object)
}

// prune deletes the objects that carry the file's mark and are not among those wanted.
func (d *Deployer) prune(ctx context.Context, addon string, wanted []cluster.Object, before []kindOf) error {
	for _, kind := range union(before, kindsOf(wanted)) {
		resource, err := d.Client.Find(ctx, kind.apiVersion(), kind.Kind)
		if err != nil {
			continue // the kind itself is gone, and its objects with it
		}
		var found struct {
			Items []cluster.Object `json:"items"`
		}
		query := "?labelSelector=" + hashLabel + "%3D" + ownerHash(addon)
		if err := d.Client.Get(ctx, resource.Path(kind.apiVersion(), "", "")+query, &found); err != nil {
			return err
		}
		for _, object := range obsolete(found.Items, wanted, kind) {
			journal.Info("Deleting %s %s, which is no longer in its manifest %s", kind.Kind, identity(object), addon)
			if err := d.Client.Delete(ctx, resource.Path(kind.apiVersion(), object.Namespace(), object.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove deletes the objects of a disabled file, then the file.
func (d *Deployer) remove(ctx context.Context, name string) error {
	path := filepath.Join(d.Directory, name)
	addon := addonName(name)
	record, err := d.record(ctx, addon)
	if err != nil {
		return err
	}
	kinds := record.Kinds
	if content, err := os.ReadFile(path); err == nil {
		if objects, err := Parse(content); err == nil {
			kinds = union(kinds, kindsOf(objects))
		}
	}
	d.event(ctx, addon, "Normal", "DeletingManifest", fmt.Sprintf("Deleting manifest at %q", path))
	if err := d.prune(ctx, addon, nil, kinds); err != nil {
		return err
	}
	if err := d.dropRecord(ctx, addon); err != nil {
		return err
	}
	delete(d.seen, name)
	if err := os.Remove(path); err != nil {
		return err
	}
	if directory := filepath.Dir(path); directory != d.Directory {
		_ = os.Remove(directory) // succeeds only when the component's directory is empty now
	}
	return nil
}

func kindsOf(objects []cluster.Object) []kindOf {
	var kinds []kindOf
	for _, object := range objects {
		kinds = append(kinds, kindOfObject(object))
	}
	return union(kinds, nil)
}

package payload

import (
	"bytes"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// packed makes a launcher with two programs, one of several chunks, and returns its path.
func packed(t *testing.T, seed int64) (path string, contents map[string][]byte) {
	t.Helper()
	directory := t.TempDir()
	random := rand.New(rand.NewSource(seed))
	piece := make([]byte, 4096)
	random.Read(piece)
	large := bytes.Repeat(piece, ChunkSize/len(piece)+3)
	contents = map[string][]byte{"large": large, "small": []byte("a small program")}
	launcher := filepath.Join(directory, "launcher")
	programs := []string{filepath.Join(directory, "large"), filepath.Join(directory, "small")}
	for path, content := range map[string][]byte{launcher: []byte("ELF of the launcher"), programs[0]: large, programs[1]: contents["small"]} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := Pack(&out, launcher, programs, []Link{{"alias", "large"}}); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(directory, "k3s")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, contents
}

func open(t *testing.T, path string) (*os.File, *Index) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	index, err := ReadIndex(file)
	if err != nil {
		t.Fatal(err)
	}
	return file, index
}

func TestUnpackGivesBackWhatWasPacked(t *testing.T) {
	path, contents := packed(t, 1)
	file, index := open(t, path)
	directory := filepath.Join(t.TempDir(), "bin")
	if err := unpack(file, index, directory); err != nil {
		t.Fatal(err)
	}
	contents["alias"] = contents["large"]
	for name, want := range contents {
		got, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v)", name, err)
		}
		if info, _ := os.Stat(filepath.Join(directory, name)); info.Mode().Perm() != 0o755 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	check := exec.Command("sha256sum", "--strict", "-c", sumsName)
	check.Dir = directory
	if out, err := check.CombinedOutput(); err != nil || string(out) != "large: OK\nsmall: OK\n" {
		t.Errorf("the checksums: %v\n%s", err, out)
	}
}

func TestPackIsReproducible(t *testing.T) {
	one, _ := packed(t, 1)
	two, _ := packed(t, 1)
	other, _ := packed(t, 2)
	first, _ := os.ReadFile(one)
	second, _ := os.ReadFile(two)
	if !bytes.Equal(first, second) {
		t.Error("the same programs give different files")
	}
	_, a := open(t, one)
	_, b := open(t, other)
	if a.Hash() == b.Hash() {
		t.Error("different programs have the same hash")
	}
}

func TestDamageIsFound(t *testing.T) {
	path, _ := packed(t, 1)
	content, _ := os.ReadFile(path)
	content[2000] ^= 0xff
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, index := open(t, path)
	if err := unpack(file, index, filepath.Join(t.TempDir(), "bin")); err == nil {
		t.Error("a damaged chunk is unpacked")
	}
	bare := filepath.Join(t.TempDir(), "bare")
	if err := os.WriteFile(bare, []byte("just a program, without anything behind it, long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	bareFile, _ := os.Open(bare)
	defer bareFile.Close()
	if _, err := ReadIndex(bareFile); err != ErrNone {
		t.Errorf("a launcher without programs: %v", err)
	}
}

package checkconfig

import "testing"

func TestParse(t *testing.T) {
	options := Parse([]byte("# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=m\nCONFIG_D=\"text\"\n"))
	if len(options) != 3 || options["B"] != "y" || options["C"] != "m" {
		t.Errorf("%v", options)
	}
}

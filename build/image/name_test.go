package main

import (
	"errors"
	"strings"
	"testing"
)

func TestImageName(t *testing.T) {
	tests := []struct {
		asked, version string
		want           string // as the runtime spells it; "" for ErrName
	}{
		{version: "v0.2.0", want: "docker.io/library/filbert:0.2.0"},
		{version: "v0.2.0-3-gabcdef012345-dirty", want: "docker.io/library/filbert:0.2.0-3-gabcdef012345-dirty"},
		{version: "abcdef0", want: "docker.io/library/filbert:abcdef0"},
		{version: "vintage", want: "docker.io/library/filbert:vintage"},
		{version: "1.0.0+meta/x", want: "docker.io/library/filbert:1.0.0-meta-x"},
		{version: ".-1", want: "docker.io/library/filbert:1"},
		{version: strings.Repeat("1", 200), want: "docker.io/library/filbert:" + strings.Repeat("1", 128)},
		{version: ""},
		{version: "--"},
		{version: "latest"},
		{asked: "filbert:1", version: "2", want: "docker.io/library/filbert:1"},
		{asked: "registry.example:5000/grid/filbert:1", want: "registry.example:5000/grid/filbert:1"},
		{asked: "grid/filbert:1", want: "docker.io/grid/filbert:1"},
		{asked: "filbert"},
		{asked: "filbert:"},
		{asked: "filbert:latest"},
		{asked: "registry.example:5000/filbert"},
		{asked: "Filbert:1"},
		{asked: "filbert:1 2"},
	}
	for _, tt := range tests {
		ref, err := imageName(tt.asked, tt.version)
		if tt.want == "" {
			if !errors.Is(err, ErrName) {
				t.Errorf("imageName(%q, %q) = %v, %v; want ErrName", tt.asked, tt.version, ref, err)
			}
			continue
		}
		if err != nil || canonical(ref) != tt.want {
			t.Errorf("imageName(%q, %q) = %q, %v; want %q", tt.asked, tt.version, canonical(ref), err, tt.want)
		}
	}
}

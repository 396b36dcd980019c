package main_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// needs skips a test whose providers run a program that is not on this computer.
func needs(t *testing.T, program, debian string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed (package %s): the providers of the devnet run it as a program of this computer", program, debian)
	}
}

// testMontage lets ImageMagick make a sheet of the sprites for each of five hues.
func testMontage(t *testing.T) {
	needs(t, "montage", "imagemagick")
	s := newSite(t, 2*time.Minute)
	s.run("apply", "examples/montage.yaml", "--run-id", "m")
	seen := map[string]int{}
	for _, r := range resultsOf[int, int](s, "m") {
		name := fmt.Sprintf("sheets/hue-%d.png", r.Item)
		sheet, text := s.picture(name, 320, 320, r.Value)
		if other := seen[text]; other != 0 {
			t.Errorf("hues %d and %d are the same picture", other, r.Item)
		}
		seen[text] = r.Item
		if n := colours(sheet); n < 10 {
			t.Errorf("%s has %d colours: the sprites are not on it", name, n)
		}
	}
	s.pictures("sheets", 5)
}

// testBlender renders the first frames of the animation, each another picture.
func testBlender(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes; run without -short")
	}
	needs(t, "blender", "blender")
	s := newSite(t, 8*time.Minute)
	s.run("apply", "examples/blender.yaml", "--run-id", "b", "--set", "tasks.from.range=[1, 3]")
	seen := map[string]int{}
	for _, r := range resultsOf[int, int](s, "b") {
		name := fmt.Sprintf("frames/%d.png", r.Item)
		frame, text := s.picture(name, 320, 180, r.Value)
		if other := seen[text]; other != 0 {
			t.Errorf("frames %d and %d are the same picture", other, r.Item)
		}
		seen[text] = r.Item
		if n := colours(frame); n < 1000 {
			t.Errorf("%s has %d colours: there is no scene in it", name, n)
		}
	}
	s.pictures("frames", 3)
}

// picture decodes a downloaded PNG whole, and wants it to be of some size.
func (s *site) picture(name string, width, height, size int) (image.Image, string) {
	s.Helper()
	text := s.readFile(s.example(name))
	if len(text) != size {
		s.Errorf("%s has %d bytes, and its result says %d", name, len(text), size)
	}
	p, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		s.Fatalf("%s is no PNG: %v", name, err)
	}
	if b := p.Bounds(); b.Dx() != width || b.Dy() != height {
		s.Errorf("%s is %d by %d, want %d by %d", name, b.Dx(), b.Dy(), width, height)
	}
	return p, string(text)
}

// pictures wants so many files in a folder of downloads, and nothing unfinished.
func (s *site) pictures(folder string, want int) {
	s.Helper()
	entries, err := os.ReadDir(s.example(folder))
	if err != nil {
		s.Fatal(err)
	}
	if len(entries) != want {
		s.Errorf("%d files in %s, want %d: %v", len(entries), folder, want, entries)
	}
	for _, dir := range []string{s.tmp, s.dsn + ".files"} {
		if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
			s.Errorf("left behind: %v", left)
		}
	}
}

// colours counts the colours of a picture.
func colours(p image.Image) int {
	seen := map[[4]uint32]bool{}
	b := p.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, alpha := p.At(x, y).RGBA()
			seen[[4]uint32{red, green, blue, alpha}] = true
		}
	}
	return len(seen)
}

package source

import (
	"encoding/json"
	"fmt"
	"reflect"

	"tasks/spec"
	"tasks/spec/diag"
)

// CarriesOn says why a source that was read up to a position cannot be replaced by
// another, or gives nil: up to there, the other has to give the same items. Behind
// that it may give more or fewer, and be read more often or less.
func CarriesOn(before, now spec.Source, position json.RawMessage) error {
	at, err := parseCursor(position)
	if err != nil || at == (cursor{}) {
		return err
	}
	if now.Repeat > 0 && at.Round >= int64(now.Repeat) {
		return fmt.Errorf("it is read for the %s time already", ordinal(at.Round+1))
	}
	if before.Kind != now.Kind {
		return fmt.Errorf("%s read already, from a source of another kind", was(read(before, at), "item"))
	}
	switch now.Kind {
	case spec.SourceRange:
		err = sameNumbers(before, now, at)
	case spec.SourceItems:
		err = sameItems(before.Items, now.Items, read(before, at))
	case spec.SourceMatrix:
		err = sameCombinations(before, now, at)
	default:
		before.Repeat, before.Place, now.Place = now.Repeat, diag.Place{}, diag.Place{}
		if !reflect.DeepEqual(before, now) {
			err = fmt.Errorf("%s read already", was(read(before, at), "item"))
		}
	}
	return err
}

// read is how many items of a source were given, of all its rounds the most.
func read(src spec.Source, at cursor) int64 {
	if at.Round == 0 {
		return at.Index
	}
	switch src.Kind {
	case spec.SourceRange:
		if c, err := newCounter(src); err == nil && !c.empty {
			return int64(c.last) + 1
		}
	case spec.SourceItems:
		return int64(len(src.Items))
	}
	return at.Index
}

func sameNumbers(before, now spec.Source, at cursor) error {
	n := read(before, at)
	if before.First != now.First || n > 1 && before.Step != now.Step {
		return fmt.Errorf("%s read already, from %d in steps of %d", was(n, "number"), before.First, before.Step)
	}
	c, err := newCounter(now)
	if err != nil {
		return err
	}
	if c.empty || c.last < uint64(n-1) {
		return fmt.Errorf("it was read to %d already", before.First+(n-1)*before.Step)
	}
	return nil
}

func sameItems(before, now []any, n int64) error {
	for i, item := range before[:min(int(n), len(before))] {
		if i >= len(now) {
			return fmt.Errorf("%s read already, and only %d are left", was(n, "item"), len(now))
		}
		if !reflect.DeepEqual(item, now[i]) {
			return fmt.Errorf("%s read already, and item %d is another one", was(n, "item"), i+1)
		}
	}
	return nil
}

// sameCombinations lets the first name, which goes slowest, have more values, or
// fewer of those that were not come to.
func sameCombinations(before, now spec.Source, at cursor) error {
	taken := fmt.Errorf("%s read already, and the others may only be added to the values of its first name, at their end",
		was(at.Offset, "combination"))
	if len(before.Axes) != len(now.Axes) || !reflect.DeepEqual(before.Exclude, now.Exclude) ||
		before.Axes[0].Name != now.Axes[0].Name || !reflect.DeepEqual(before.Axes[1:], now.Axes[1:]) {
		return taken
	}
	inner := int64(1)
	for _, a := range before.Axes[1:] {
		inner *= int64(len(a.Values))
	}
	first, n := before.Axes[0].Values, (at.Offset+inner-1)/max(inner, 1)
	if at.Round > 0 {
		n = int64(len(first))
	}
	if sameItems(first, now.Axes[0].Values, n) != nil {
		return taken
	}
	return nil
}

func was(n int64, what string) string {
	if n == 1 {
		return "1 " + what + " was"
	}
	return fmt.Sprintf("%d %ss were", n, what)
}

func ordinal(n int64) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

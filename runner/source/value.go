package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

var errNotUTF8 = errors.New("not UTF-8")

// decodeLine reads a line of JSON as expressions see it, and as it goes on being
// kept: without white space, and with every digit.
func decodeLine(line []byte) (any, json.RawMessage, error) {
	if !utf8.Valid(line) {
		return nil, nil, errNotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the JSON value does not end on its line")
		}
		return nil, nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, fmt.Errorf("there is more after the JSON value, at column %d", d.InputOffset()+1)
	}
	v, err := plain(v)
	if err != nil {
		return nil, nil, err
	}
	var kept bytes.Buffer
	if err := json.Compact(&kept, line); err != nil {
		return nil, nil, err
	}
	return v, kept.Bytes(), nil
}

// plain replaces json.Number throughout a value.
func plain(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			if v[i], err = plain(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range v {
			if v[key], err = plain(v[key]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func number(n json.Number) (any, error) {
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i, nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, fmt.Errorf("%.40s is too large a number", n)
	}
	return f, nil
}

// encode writes a value so that reading it back gives the same types.
func encode(v any) (json.RawMessage, error) {
	v, err := exact(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// exact is a copy of a value in which a whole float64 has a fraction, so that it
// does not come back as an int, and which holds no text that JSON cannot.
func exact(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, errNotUTF8
		}
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e21 {
			return json.Number(strconv.FormatFloat(v, 'f', 1, 64)), nil
		}
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = exact(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			var err error
			if out[key], err = exact(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// quote writes a line as a JSON string.
func quote(line string) (json.RawMessage, error) {
	for i := range len(line) {
		if c := line[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return encode(line)
		}
	}
	b := make([]byte, 0, len(line)+2)
	b = append(b, '"')
	b = append(b, line...)
	return append(b, '"'), nil
}

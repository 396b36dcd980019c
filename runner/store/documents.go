package store

import "sync"

// maxDocuments bounds how many decoded documents are kept: about two for each
// agreement of a large run.
const maxDocuments = 1 << 13

// decoded keeps documents as they were decoded, by their text. Every look at a
// run reads the offers and prices of all its agreements, which hardly ever
// change, and decoding them costs far more than reading them. What comes out of
// it is shared: nobody changes it.
type decoded[T any] struct {
	mu    sync.Mutex
	known map[string]T
}

// to reads a document into v.
func (d *decoded[T]) to(v *T) sharedTo[T] { return sharedTo[T]{d, v} }

func (d *decoded[T]) get(text string) (v T, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v, ok := d.known[text]; ok {
		return v, nil
	}
	if err := (documentTo{&v}).Scan(text); err != nil {
		return v, err
	}
	if d.known == nil || len(d.known) >= maxDocuments {
		d.known = map[string]T{}
	}
	d.known[text] = v
	return v, nil
}

// sharedTo is documentTo for documents that are read again and again.
type sharedTo[T any] struct {
	from *decoded[T]
	v    *T
}

// Scan implements sql.Scanner.
func (d sharedTo[T]) Scan(v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return documentTo{d.v}.Scan(v)
	}
	*d.v, err = d.from.get(text)
	return err
}

package runner

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"tasks/golem"
)

// registryTime bounds one look-up of an image.
const registryTime = 30 * time.Second

// imageHash is what names an image by its content: SHA3-224, in hex.
var imageHash = regexp.MustCompile(`^[0-9a-f]{56}$`)

// resolve returns the payload's image as a task package. An image given by its
// hash and a URL needs no registry; a tag, or a hash alone, is looked up once a
// process.
func (r *runner) resolve(ctx context.Context) (string, error) {
	if r.pack != "" {
		return r.pack, nil
	}
	p := r.inForce().spec.Payload
	if imageHash.MatchString(p.Image) && p.URL != "" {
		r.pack = "hash:sha3:" + p.Image + ":" + p.URL
		return r.pack, nil
	}
	ctx, cancel := context.WithTimeout(ctx, registryTime)
	defer cancel()
	base, client, err := r.registry(ctx)
	if err != nil {
		return "", err
	}
	image, err := golem.LookUpImage(ctx, client, base, p.Image)
	if status := golem.StatusOf(err); status >= 400 && status < 500 {
		err = fmt.Errorf("%w: image registry %s: %w", ErrDaemon, base, err)
		r.giveUp(err)
	}
	if err != nil {
		return "", err
	}
	r.pack = image.Package()
	return r.pack, nil
}

// registry says where to ask. A devnet is its own registry.
func (r *runner) registry(ctx context.Context) (string, *http.Client, error) {
	if r.Registry != "" {
		return r.Registry, http.DefaultClient, nil
	}
	devnet, err := r.isDevnet(ctx)
	if err != nil {
		return "", nil, err
	}
	if devnet {
		return r.client.BaseURL, cmp.Or(r.client.HTTP, http.DefaultClient), nil
	}
	return golem.DefaultRegistry, http.DefaultClient, nil
}

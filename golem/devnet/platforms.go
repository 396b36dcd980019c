package devnet

import (
	"cmp"

	"github.com/shopspring/decimal"

	"tasks/golem"
)

// A platform is a way to pay: "driver-network-token". The driver is always
// erc20 (protocol section 6.1).
type platform struct{ network, token string }

func (p platform) name() string       { return "erc20-" + p.network + "-" + p.token }
func (p platform) addressKey() string { return golem.PropPlatformAddress(p.name()) }

// symbol is the token as accounts show it.
func (p platform) symbol() string {
	if p.token == "tglm" {
		return "tGLM"
	}
	return "GLM"
}

// platforms are all that providers accept, real money included: here it is
// as unreal as the rest.
var platforms = []platform{
	{"hoodi", "tglm"}, {"holesky", "tglm"}, {"amoy", "tglm"}, {"sepolia", "tglm"},
	{"mainnet", "glm"}, {"polygon", "glm"},
}

var defaultFunds = decimal.New(1000, 0)

// platformNamed finds a platform by its full name.
func platformNamed(name string) (platform, bool) {
	for _, p := range platforms {
		if p.name() == name {
			return p, true
		}
	}
	return platform{}, false
}

// platformOf fills in what a requestor left out.
func (s *Server) platformOf(network, token string) (platform, bool) {
	network = cmp.Or(network, s.network(token))
	for _, p := range platforms {
		if p.network == network && (token == "" || p.token == token) {
			return p, true
		}
	}
	return platform{}, false
}

// network is the daemon's default network for a token.
func (s *Server) network(token string) string {
	if token == "glm" {
		return "polygon"
	}
	return cmp.Or(s.Network, "holesky")
}

package golem

// PlatformOf returns the payment platform of a network: its driver, the network
// and the token that has value there (protocol section 6.1).
func PlatformOf(network string) string {
	switch network {
	case "mainnet", "polygon":
		return "erc20-" + network + "-glm"
	}
	return "erc20-" + network + "-tglm"
}

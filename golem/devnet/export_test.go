package devnet

// FlexEncode and FlexDecode are for tests that answer on the bus.
var FlexEncode, FlexDecode = flexEncode, flexDecode

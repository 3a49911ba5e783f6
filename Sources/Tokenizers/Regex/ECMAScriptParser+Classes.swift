extension ECMAScriptParser {
    static let digit = ScalarSet([.range(0x30...0x39)])
    static let space = ScalarSet([.range(0x09...0x0D), .range(0x20...0x20)])
    static let word = ScalarSet([.set(alphanumeric), .range(0x5F...0x5F)])
    /// What a point means: anything but the end of a line.
    static let any = ScalarSet([.range(0x0A...0x0A), .range(0x0D...0x0D)], negated: true)

    private static let lower = ScalarSet([.range(0x61...0x7A)])
    private static let upper = ScalarSet([.range(0x41...0x5A)])
    private static let alphanumeric = ScalarSet([.set(lower), .set(upper), .set(digit)])
    private static let graphic = ScalarSet([.range(0x21...0x7E)])

    static func inverted(_ set: ScalarSet) -> ScalarSet { ScalarSet([.set(set)], negated: true) }

    /// The classes that `[:name:]` may name in a bracket (C's, in the C locale); `nil` for another name.
    static func named(_ name: String) -> ScalarSet? {
        switch name {
        case "alpha": ScalarSet([.set(lower), .set(upper)])
        case "alnum": alphanumeric
        case "digit", "d": digit
        case "lower": lower
        case "upper": upper
        case "space", "s": space
        case "w": word
        case "blank": ScalarSet([.range(0x20...0x20), .range(0x09...0x09)])
        case "xdigit": ScalarSet([.set(digit), .range(0x61...0x66), .range(0x41...0x46)])
        case "cntrl": ScalarSet([.range(0...0x1F), .range(0x7F...0x7F)])
        case "graph": graphic
        case "print": ScalarSet([.set(graphic), .range(0x20...0x20)])
        case "punct": ScalarSet([.set(graphic)], also: [inverted(alphanumeric)])
        default: nil
        }
    }
}

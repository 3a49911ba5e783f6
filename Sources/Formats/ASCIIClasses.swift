extension UInt8 {
    /// Whether it is one of the digits `0` to `9`.
    package var isASCIIDigit: Bool { (0x30...0x39).contains(self) }

    /// Whether it is white space of C's locale: a space, a tab, or the end of a line or page.
    package var isASCIISpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

    /// Whether it is a letter, a digit or `_` of ASCII.
    package var isASCIIWord: Bool {
        isASCIIDigit || self == 0x5F || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}

extension String {
    /// The text of a range of bytes, or `nil` where it is not valid UTF-8.
    package init?(validating bytes: Span<UInt8>, _ range: Range<Int>) {
        guard let view = try? UTF8Span(validating: bytes.extracting(range)) else { return nil }
        self.init(copying: view)
    }

    /// The text of a range of bytes, with U+FFFD for what is not valid UTF-8.
    package init(copying bytes: Span<UInt8>, _ range: Range<Int>) {
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        for index in range { copy.append(bytes[index]) }
        self.init(decoding: copy, as: UTF8.self)
    }
}

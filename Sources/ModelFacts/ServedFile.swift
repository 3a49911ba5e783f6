/// The parts that are known of a file that is elsewhere: what a service sent of it.
package struct ServedFile: Equatable, Sendable {
    /// Bytes, and the place in the file where they begin.
    package struct Part: Equatable, Sendable {
        /// The place of the first byte in the file.
        let start: Int
        /// The bytes from there on.
        let bytes: [UInt8]

        /// Takes bytes and their place.
        package init(start: Int, bytes: [UInt8]) {
            self.start = start
            self.bytes = bytes
        }
    }

    /// The size of the whole file in bytes.
    package let size: Int
    private let parts: [Part]

    /// Takes the parts of a file of so many bytes.
    package init(size: Int, parts: [Part]) {
        self.size = size
        self.parts = parts
    }

    /// The bytes of a range, or fewer where the file ends in it; `nil` where they are not known.
    package func bytes(_ range: Range<Int>) -> [UInt8]? {
        let range = min(range.lowerBound, size)..<min(range.upperBound, size)
        if range.isEmpty { return [] }
        for part in parts where part.start <= range.lowerBound {
            let start = range.lowerBound - part.start
            guard part.bytes.count >= start + range.count else { continue }
            return Array(part.bytes[start..<start + range.count])
        }
        return nil
    }
}

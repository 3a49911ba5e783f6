package import Storage

/// What a file, or a range of one, is made from: a server's answer, which states nothing that is believed before the
/// bytes were compared (Xet protocol 1.1, "Download Protocol").
package struct Reconstruction: Equatable, Sendable {
    /// Chunks of one xorb that follow each other in the file.
    package struct Term: Equatable, Sendable {
        /// The xorb's name.
        package let xorb: XetHash
        /// Which of its chunks.
        package let chunks: Range<Int>
        /// The size of their content in bytes.
        package let size: Int
    }

    /// A part of a xorb that one request gets.
    package struct Part: Equatable, Sendable {
        /// The xorb's name.
        package let xorb: XetHash
        /// The chunks that are in it.
        package let chunks: Range<Int>
        /// Where they are in the xorb; the request has to ask for exactly these bytes.
        package let bytes: Range<Int>
        /// Where to ask. Signed, so that it is as secret as a token.
        package let url: String
    }

    /// How many bytes of the first term are before those that were asked for.
    package let skipped: Int
    /// The terms in the order of the file.
    package let terms: [Term]
    /// The parts that have them, in the order in which terms need them first; parts that none needs are left out.
    package let parts: [Part]
    /// For each term the number of the part that has it.
    let places: [Int]

    /// The most bytes of a xorb, with all that is in it.
    static let largestXorb = 64 << 20
    /// The most chunks of a xorb (Xet protocol 1.1, "Xorbs").
    static let mostChunks = 8192
    /// The most bytes of an answer that is read: more than one for 4 MiB of a file has where each of the smallest chunks is
    /// in another xorb.
    package static let sizeLimit = 1 << 20

    /// The forms that an answer has.
    package enum Version: Int, Sendable, CaseIterable {
        /// One address for a part: deprecated.
        case one = 1
        /// One address for several parts of a xorb.
        case two = 2
    }

    /// The sum of all terms, in bytes.
    var size: Int { terms.reduce(0) { $0 + $1.size } }
}

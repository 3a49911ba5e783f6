package import Formats
import Storage

extension Reconstruction {
    /// Reads an answer, and makes sure that every term is in a part and that no size is one that cannot be.
    package init(_ bytes: [UInt8], _ version: Version) throws(FormatError) {
        let json = try JSON.parse(bytes)
        skipped = try Reconstruction.count(json["offset_into_first_range"], "offset_into_first_range")
        guard let terms = json["terms"]?.array else { throw FormatError("the answer has no terms", at: 0) }
        self.terms = try terms.map(Term.init)
        let key = version == .two ? "xorbs" : "fetch_info"
        guard let xorbs = json[key]?.members else { throw FormatError("the answer has no \(key)", at: 0) }
        var parts: [Part] = []
        for member in xorbs {
            guard let xorb = XetHash(text: member.key), let entries = member.value.array else {
                throw FormatError("\(key) has something that is no xorb", at: 0)
            }
            for entry in entries { parts += try Part.read(entry, of: xorb, version) }
        }
        self.parts = parts
        var numbers: [XetHash: [Int]] = [:]
        for (number, part) in parts.enumerated() { numbers[part.xorb, default: []].append(number) }
        var places: [Int] = []
        var total = 0
        for (number, term) in self.terms.enumerated() {
            let (sum, overflow) = total.addingReportingOverflow(term.size)
            guard !overflow else { throw FormatError("the terms have more bytes than can be", at: 0) }
            total = sum
            guard let place = numbers[term.xorb]?.first(where: { parts[$0].has(term.chunks) }) else {
                throw FormatError("nothing states where the chunks of term \(number) are", at: 0)
            }
            places.append(place)
        }
        self.places = places
        // A term of which nothing is wanted would not be there.
        guard skipped < self.terms.first?.size ?? 1 else {
            throw FormatError("\(skipped) bytes are left out of a shorter term", at: 0)
        }
    }

    /// The chunks of a xorb that something states.
    fileprivate static func chunks(_ json: JSON?, _ what: String) throws(FormatError) -> Range<Int> {
        let chunks = try range(json, what, isClosed: false)
        guard chunks.upperBound <= mostChunks else {
            throw FormatError(
                "\(what) ends with chunk \(chunks.upperBound), and a xorb has at most \(mostChunks)", at: 0)
        }
        return chunks
    }

    fileprivate static func count(_ json: JSON?, _ what: String) throws(FormatError) -> Int {
        guard let value = json?.integer, value >= 0 else {
            throw FormatError("\(what) is no number that counts something", at: 0)
        }
        return value
    }

    /// A range whose end is stated as the last that belongs to it, or as the first that does not.
    fileprivate static func range(
        _ json: JSON?, _ what: String, isClosed: Bool
    ) throws(FormatError) -> Range<Int> {
        let start = try count(json?["start"], "\(what).start")
        let last = try count(json?["end"], "\(what).end")
        let (end, overflow) = last.addingReportingOverflow(isClosed ? 1 : 0)
        guard !overflow, start < end else {
            throw FormatError("\(what) goes from \(start) to \(last)", at: 0)
        }
        return start..<end
    }
}

extension Reconstruction.Term {
    fileprivate init(_ json: JSON) throws(FormatError) {
        guard let hash = json["hash"]?.string.flatMap({ XetHash(text: $0) }) else {
            throw FormatError("a term has no xorb", at: 0)
        }
        xorb = hash
        chunks = try Reconstruction.chunks(json["range"], "range")
        size = try Reconstruction.count(json["unpacked_length"], "unpacked_length")
        // A chunk has between one byte and the most that one may have.
        guard chunks.count <= size, (size - 1) / Chunker.largest < chunks.count else {
            throw FormatError("\(chunks.count) chunks cannot have \(size) bytes", at: 0)
        }
    }
}

extension Reconstruction.Part {
    /// Whether all of these chunks are in it.
    fileprivate func has(_ some: Range<Int>) -> Bool {
        chunks.lowerBound <= some.lowerBound && some.upperBound <= chunks.upperBound
    }

    fileprivate static func read(
        _ json: JSON, of xorb: XetHash, _ version: Reconstruction.Version
    ) throws(FormatError) -> [Reconstruction.Part] {
        guard let url = json["url"]?.string else { throw FormatError("a part has no url", at: 0) }
        guard version == .two else { return [try part(json, "range", "url_range", xorb, url)] }
        guard let ranges = json["ranges"]?.array else { throw FormatError("a part has no ranges", at: 0) }
        // Several parts at one address may be asked for one by one.
        var parts: [Reconstruction.Part] = []
        for range in ranges { parts.append(try part(range, "chunks", "bytes", xorb, url)) }
        return parts
    }

    private static func part(
        _ json: JSON, _ chunksKey: String, _ bytesKey: String, _ xorb: XetHash, _ url: String
    ) throws(FormatError) -> Reconstruction.Part {
        let chunks = try Reconstruction.chunks(json[chunksKey], chunksKey)
        let bytes = try Reconstruction.range(json[bytesKey], bytesKey, isClosed: true)
        let (shortest, overflow) = chunks.count.multipliedReportingOverflow(by: ChunkHeader.size + 1)
        guard !overflow, shortest <= bytes.count, bytes.upperBound <= Reconstruction.largestXorb else {
            throw FormatError(
                "\(chunks.count) chunks cannot be in the bytes from \(bytes.lowerBound) to \(bytes.upperBound)",
                at: 0)
        }
        return Reconstruction.Part(xorb: xorb, chunks: chunks, bytes: bytes, url: url)
    }
}

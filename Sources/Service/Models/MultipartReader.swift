import Formats

/// Reads a body of `multipart/form-data` (RFC 7578) as it comes: what a part holds is handed on, and never kept.
struct MultipartReader {
    /// Why a body cannot be read.
    enum Problem: Error, Equatable {
        /// It is no such form.
        case malformed(String)
        /// What it has cannot be kept; the disk may be full.
        case notKept(isFull: Bool)
        /// Reading it failed.
        case body(RequestBody.Problem)
        /// What it states so far is refused, and the rest is not wanted.
        case refused(ModelRefusal)
    }

    /// What the head of a part states.
    struct Part: Equatable {
        /// The name of the field.
        let name: String
        /// The name of the file; `nil` for a field that is a text.
        let fileName: String?
    }

    private let body: RequestBody
    private let delimiter: [UInt8]
    private var buffer: [UInt8]
    private var hasBegun = false
    private var hasEnded = false

    private static let headLimit = 1 << 13
    private static let partLimit = 1000
    private var parts = 0

    /// - Returns: `nil` where the `Content-Type` is of no such form, or states no boundary that is one.
    init?(_ contentType: String?, _ body: RequestBody) {
        guard let contentType, contentType.lowercased().hasUTF8Prefix("multipart/form-data"),
            let boundary = MultipartReader.parameter("boundary", in: contentType),
            (1...70).contains(boundary.utf8.count)
        else { return nil }
        self.body = body
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line before it.
        buffer = [0x0D, 0x0A]
    }

    /// The head of the next part; `nil` after the last one. The content of the part before has to be read.
    mutating func next() throws(Problem) -> Part? {
        guard !hasEnded else { return nil }
        if !hasBegun {
            hasBegun = true
            // What stands before the first part is for nobody.
            try content { (_) throws(Problem) in }
        }
        while buffer.count < 2 { guard try fill() else { throw .malformed("the form does not end") } }
        if buffer.starts(with: "--".utf8) {
            hasEnded = true
            // What stands behind the last part is for nobody.
            while try !more().isEmpty {}
            return nil
        }
        guard buffer.starts(with: [0x0D, 0x0A]) else {
            throw .malformed("a boundary of the form is malformed")
        }
        parts += 1
        guard parts <= MultipartReader.partLimit else { throw .malformed("the form has too many parts") }
        buffer.removeFirst(2)
        return try readHead()
    }

    /// Hands the content of the part on.
    mutating func content(_ take: ([UInt8]) throws(Problem) -> Void) throws(Problem) {
        while true {
            if let place = find(delimiter, from: 0) {
                if place > 0 { try take(Array(buffer[..<place])) }
                buffer.removeFirst(place + delimiter.count)
                return
            }
            // A delimiter may have begun at the end.
            let safe = max(0, buffer.count - delimiter.count + 1)
            if safe > 0 {
                try take(Array(buffer[..<safe]))
                buffer.removeFirst(safe)
            }
            guard try fill() else { throw .malformed("the form does not end") }
        }
    }

    /// The content of the part as a text.
    mutating func text(limit: Int) throws(Problem) -> String {
        var bytes: [UInt8] = []
        try content { (part) throws(Problem) in
            guard bytes.count + part.count <= limit else {
                throw .malformed("a field of the form is too long")
            }
            bytes += part
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("a field of the form is not UTF-8")
        }
        return text
    }

    private mutating func readHead() throws(Problem) -> Part {
        var seen = 0
        let end: Int
        while true {
            if let place = find([0x0D, 0x0A, 0x0D, 0x0A], from: max(0, seen - 3)) {
                end = place
                break
            }
            seen = buffer.count
            guard seen <= MultipartReader.headLimit else {
                throw .malformed("the head of a part is too long")
            }
            guard try fill() else { throw .malformed("the form does not end") }
        }
        guard end <= MultipartReader.headLimit, let head = String(validating: buffer[..<end], as: UTF8.self)
        else { throw .malformed("the head of a part is malformed") }
        buffer.removeFirst(end + 4)
        for line in head.split(separator: "\r\n") {
            guard line.lowercased().hasUTF8Prefix("content-disposition:") else { continue }
            let value = String(line.utf8.dropFirst("content-disposition:".utf8.count)) ?? ""
            guard let name = MultipartReader.parameter("name", in: value) else { break }
            return Part(name: name, fileName: MultipartReader.parameter("filename", in: value))
        }
        throw .malformed("a part of the form has no name")
    }

    /// The value of `name="…"` or `name=…` behind a semicolon.
    static func parameter(_ name: String, in value: String) -> String? {
        let bytes = Array(value.utf8)
        var index = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        while index < bytes.count {
            index += 1
            while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            let start = index
            while index < bytes.count, bytes[index] != UInt8(ascii: "="), bytes[index] != UInt8(ascii: ";") {
                index += 1
            }
            let key = String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
            var text: [UInt8] = []
            if index < bytes.count, bytes[index] == UInt8(ascii: "=") {
                index += 1
                if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
                    index += 1
                    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                        if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count { index += 1 }
                        text.append(bytes[index])
                        index += 1
                    }
                    index += 1
                } else {
                    while index < bytes.count, bytes[index] != UInt8(ascii: ";") {
                        text.append(bytes[index])
                        index += 1
                    }
                }
            }
            if key.hasSameBytes(as: name) { return String(decoding: text, as: UTF8.self) }
            while index < bytes.count, bytes[index] != UInt8(ascii: ";") { index += 1 }
        }
        return nil
    }

    private mutating func more() throws(Problem) -> [UInt8] {
        do throws(RequestBody.Problem) { return try body.next() } catch { throw .body(error) }
    }

    /// Reads more of the body.
    /// - Returns: whether there was more.
    private mutating func fill() throws(Problem) -> Bool {
        let part = try more()
        buffer += part
        return !part.isEmpty
    }

    /// Where bytes are for the first time. Most places are passed over unseen (Horspool's search).
    private func find(_ wanted: [UInt8], from start: Int) -> Int? {
        let bytes = buffer.span
        let length = wanted.count
        guard length > 0, bytes.count >= length else { return nil }
        // How far the end of what is wanted may move on, by the byte that is there.
        var steps = [Int](repeating: length, count: 256)
        for index in 0..<(length - 1) { steps[Int(wanted[index])] = length - 1 - index }
        var end = start + length - 1
        while end < bytes.count {
            let last = bytes[end]
            if last == wanted[length - 1] {
                var index = 0
                while index < length - 1, bytes[end - length + 1 + index] == wanted[index] { index += 1 }
                if index == length - 1 { return end - length + 1 }
            }
            end += steps[Int(last)]
        }
        return nil
    }
}

import Testing

@testable import Service

struct RequestHeadTests {
    private func parse(_ text: String) throws -> RequestHead {
        let bytes = Array(text.utf8)
        guard case .complete(let end) = try RequestHead.end(in: bytes, seen: 0) else {
            throw RequestHead.Refusal(0, "incomplete")
        }
        return try RequestHead.parse(bytes[..<end])
    }

    private func status(_ text: String) -> Int {
        do {
            _ = try parse(text)
            return 200
        } catch let refusal as RequestHead.Refusal {
            return refusal.status
        } catch {
            return -1
        }
    }

    @Test func aRequestIsRead() throws {
        let head = try parse(
            "GET /a%20b/c%2Fd?x=1+2&y=%C3%A9 HTTP/1.1\r\nHost: localhost:80\r\nX-Y:  z \r\n\r\n")
        #expect(head.method == "GET")
        #expect(head.target.segments == ["a b", "c/d"])
        #expect(head.target.first("x") == "1 2")
        #expect(head.target.first("y") == "é")
        #expect(head.fields["x-y"] == "z")
        #expect(head.framing == .length(0))
        #expect(head.staysOpen)
        #expect(head.host == "localhost:80")
    }

    @Test func aTargetInAbsoluteFormStatesTheHost() throws {
        let head = try parse("GET http://models.example:7777/v1?q HTTP/1.1\r\nHost: other\r\n\r\n")
        #expect(head.host == "models.example:7777")
        #expect(head.target.segments == ["v1"])
        #expect(head.target.text == "/v1?q")
    }

    @Test(arguments: [
        // Two lengths, of which two servers would take different ones.
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        // Lines that are read in more than one way.
        "GET / HTTP/1.1\r\nHost: a\r\n continued: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nx: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: y\rz\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: y\0z\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
        // No host, or two.
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        // Targets that are no path, or lead out of one.
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a/%2e%2E/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%2f..%2fx HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /./x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /% HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func whatCanBeReadInTwoWaysIsRefused(_ text: String) { #expect(status(text) == 400) }

    @Test func whatIsNotSpokenIsToldSo() {
        #expect(status("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505)
        #expect(status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n") == 501)
        #expect(status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n") == 501)
        let many = (0..<101).map { "x\($0): y\r\n" }.joined()
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n") == 431)
        #expect(status("GET /\(String(repeating: "a", count: 40_000)) HTTP/1.1\r\nHost: a\r\n\r\n") == 431)
    }

    @Test func noLetterButAsciiIsTakenForAsciiOne() throws {
        // lowercased() makes a "k" of the Kelvin sign.
        #expect(
            status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chun\u{212A}ed\r\n\r\n") == 501)
        let head = try parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: \u{212A}eep-alive\r\n\r\n")
        #expect(!head.staysOpen)
        #expect(status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChunKed\r\n\r\n") == 200)
    }

    @Test func aHeadInPiecesIsTheSameHead() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest".utf8)
        var seen = 0
        for count in 1..<27 {
            guard case .incomplete(let next) = try RequestHead.end(in: Array(bytes[..<count]), seen: seen)
            else {
                Issue.record("complete after \(count) bytes")
                return
            }
            seen = next
        }
        #expect(try RequestHead.end(in: bytes, seen: seen) == .complete(end: 27))
    }

    @Test func whenTheConnectionStaysOpen() throws {
        func stays(_ version: String, _ connection: String) throws -> Bool {
            try parse("GET / HTTP/\(version)\r\nHost: a\r\n\(connection)\r\n").staysOpen
        }
        #expect(try stays("1.1", ""))
        #expect(try !stays("1.1", "Connection: x, Close\r\n"))
        #expect(try !stays("1.0", ""))
        #expect(try stays("1.0", "Connection: Keep-Alive\r\n"))
    }

    @Test func noBytesTrapTheReader() {
        let seed = Array(
            "POST /a/%41?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nRange: bytes=0-1\r\n\r\n".utf8)
        let alphabet: [UInt8] = [0, 9, 10, 13, 32, 37, 43, 45, 46, 47, 48, 58, 63, 65, 127, 128, 0xC3, 255]
        var generator = SplitMix(state: 11)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int(generator.next() % 6 + 1) {
                let place = Int(generator.next() % UInt64(bytes.count))
                let byte = alphabet[Int(generator.next() % UInt64(alphabet.count))]
                switch generator.next() % 3 {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                default: bytes.remove(at: place)
                }
            }
            guard case .complete(let end)? = try? RequestHead.end(in: bytes, seen: 0) else { continue }
            guard let head = try? RequestHead.parse(bytes[..<end]) else { continue }
            // What is taken is one request, whichever way it is looked at.
            #expect(!head.target.segments.contains("..") && !head.target.segments.contains("."))
            #expect(head.fields.all("host").count <= 1 && head.fields.all("content-length").count <= 1)
            #expect(
                head.fields.fields.allSatisfy { !$0.value.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 } })
        }
    }
}

/// A generator with a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

import Testing

@testable import Service

struct ChunkDecoderTests {
    /// The body that comes of bytes that arrive in pieces of one length, and where it ends; `nil` where it is refused.
    private func decode(_ text: String, piece: Int) -> (body: String, end: Int)? {
        let bytes = Array(text.utf8)
        var decoder = ChunkDecoder()
        var body: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let part = Array(bytes[start..<min(start + piece, bytes.count)])
            var position = 0
            do {
                reading: while true {
                    switch try decoder.next(part, from: &position) {
                    case .data(let range): body += part[range]
                    case .needsMore: break reading
                    case .end: return (String(decoding: body, as: UTF8.self), start + position)
                    }
                }
            } catch {
                return nil
            }
            start += part.count
        }
        return (String(decoding: body, as: UTF8.self), -1)
    }

    @Test(arguments: [1, 2, 3, 7, 100])
    func aBodyInChunksIsReadWhateverThePieces(_ piece: Int) {
        let text = "5\r\nhello\r\nA;x=\"y\"\r\n, the rest\r\n0\r\nX-Trailer: z\r\n\r\nGET /"
        let decoded = decode(text, piece: piece)
        #expect(decoded?.body == "hello, the rest")
        #expect(decoded?.end == text.utf8.count - 5)
    }

    @Test(arguments: [
        "\r\n", "x\r\n", "-1\r\na", "+1\r\na", "0x1\r\na", " 1\r\na", "1 \r\na", "1\na\r\n", "1\r\nab\r\n",
        "1\r\na\n", "FFFFFFFFFFFFFFFFF\r\n", "1;\0\r\na", "1;\(String(repeating: "e", count: 300))\r\na",
        "0\r\nx\n\r\n", "1\r\na\r0\r\n\r\n",
    ])
    func whatIsNoChunkIsRefused(_ text: String) {
        #expect(decode(text, piece: 1000) == nil)
        #expect(decode(text, piece: 1) == nil)
    }

    @Test func trailersDoNotGoOnForEver() {
        let trailers = String(repeating: "x: \(String(repeating: "y", count: 200))\r\n", count: 100)
        #expect(decode("0\r\n\(trailers)\r\n", piece: 50) == nil)
    }
}

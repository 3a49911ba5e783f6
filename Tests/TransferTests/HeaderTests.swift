import Testing

@testable import Formats
@testable import Transfer

/// What is read of servers' headers, and what is refused.
@Suite struct HeaderTests {
    private static func head(_ lines: String...) throws -> ResponseHead {
        try ResponseHead.parse(Array((lines.joined(separator: "\r\n") + "\n").utf8))
    }

    @Test func aHeadIsReadWhateverTheCaseOfItsNames() throws {
        let head = try Self.head("HTTP/1.1 206 Partial Content", "ETag: \"x\"", "CONTENT-length:  12 ", "a:")
        #expect(head.status == 206 && head.isPersistent)
        #expect(
            head["etag"] == "\"x\"" && head["content-length"] == "12" && head["a"] == "" && head["b"] == nil)
        #expect(try !Self.head("HTTP/1.0 200").isPersistent)
    }

    @Test(arguments: [
        "", "HTTP/2 200", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1  200", "ICY 200 OK", "HTTP/1.1 099 x",
        "HTTP/1.1 200 OK\r\nno colon", "HTTP/1.1 200 OK\r\n: empty", "HTTP/1.1 200 OK\r\na b: c",
        "HTTP/1.1 200 OK\r\na: b\r\n folded: c", "HTTP/1.1 200 OK\r\na: \u{0}",
    ])
    func whatIsNoHeadIsRefused(_ text: String) {
        #expect(throws: NetworkError.self) { try ResponseHead.parse(Array(text.utf8)) }
    }

    @Test func theEndOfABodyIsFoundAsTheHeadersState() throws {
        func framing(_ lines: String..., isHead: Bool = false) throws -> BodyFraming {
            try BodyFraming.of(
                ResponseHead.parse(Array(lines.joined(separator: "\r\n").utf8)), isHead: isHead)
        }
        #expect(try framing("HTTP/1.1 200", "Content-Length: 5") == .length(5))
        #expect(try framing("HTTP/1.1 200", "Content-Length: 5", "Content-Length: 5") == .length(5))
        #expect(try framing("HTTP/1.1 200", "Transfer-Encoding: Chunked", "Content-Length: 5") == .chunked)
        #expect(try framing("HTTP/1.1 200") == .untilClose)
        #expect(try framing("HTTP/1.1 200", "Content-Length: 5", isHead: true) == .none)
        #expect(try framing("HTTP/1.1 304", "Content-Length: 5") == .none)
        for wrong in [
            "Content-Length: 5, 5", "Content-Length: -1", "Content-Length: 99999999999999999999",
            "Content-Length: +5",
        ] {
            #expect(throws: NetworkError.self) { try framing("HTTP/1.1 200", wrong) }
        }
        #expect(throws: NetworkError.self) {
            try framing("HTTP/1.1 200", "Content-Length: 5", "Content-Length: 6")
        }
        #expect(throws: NetworkError.self) { try framing("HTTP/1.1 200", "Transfer-Encoding: gzip, chunked") }
    }

    @Test func aRangeIsReadOrRefused() {
        #expect(ContentRange("bytes 0-99/1234").map { $0.range == 0..<100 && $0.size == 1234 } == true)
        #expect(ContentRange("bytes 5-5/*").map { $0.range == 5..<6 && $0.size == nil } == true)
        #expect(ContentRange("bytes */1234").map { $0.range == nil && $0.size == 1234 } == true)
        for wrong in [
            "", "bytes", "bytes 0-99", "bytes 9-8/100", "bytes 0-100/100", "items 0-9/10", "bytes -5/10",
            "bytes 0-/10",
            "bytes */*", "bytes 0-9/1x", "bytes 0-99999999999999999999/*", "bytes  0-9/10",
        ] {
            #expect(ContentRange(wrong) == nil, "\(wrong)")
        }
    }

    @Test func aServerIsObeyedThatStatesWhenToComeAgain() throws {
        #expect(RateLimit.seconds(in: try Self.head("HTTP/1.1 429", "RateLimit: \"api\";r=0;t=55")) == 56)
        #expect(
            RateLimit.seconds(in: try Self.head("HTTP/1.1 429", "ratelimit: \"pages\" ; r = 0 ; t = 7")) == 8)
        let more = try Self.head("HTTP/1.1 429", "RateLimit: \"api\";r=3;t=55", "Retry-After: 4")
        #expect(RateLimit.seconds(in: more) == 4)
        #expect(
            RateLimit.seconds(in: try Self.head("HTTP/1.1 503", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"))
                == nil)
        #expect(RateLimit.seconds(in: try Self.head("HTTP/1.1 429")) == nil)
    }

    @Test func pausesGrowAndNeverGrowTooLong() {
        let policy = RetryPolicy(retries: 5)
        #expect(policy.pause(after: 1, chance: 1) == 0.5 && policy.pause(after: 1, chance: 0) == 0.25)
        #expect(policy.pause(after: 4, chance: 1) == 4)
        #expect(policy.pause(after: 1000, chance: 1) == 30)
    }

    @Test func theNextPageIsFound() {
        #expect(LinkHeader.next("<https://h/api?cursor=1>; rel=\"next\"") == "https://h/api?cursor=1")
        #expect(LinkHeader.next("</a>; rel=\"prev\", </b>;rel=next") == "/b")
        #expect(LinkHeader.next("</a>; rel=\"prev\"") == nil && LinkHeader.next("") == nil)
    }

    @Test func anEtagIsTheNameThatTheClientMakesOfIt() {
        #expect(ETag.name("\"abc\"") == "abc" && ETag.name("W/\"abc\"") == "abc" && ETag.name("abc") == "abc")
    }
}

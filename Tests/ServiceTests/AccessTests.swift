import Formats
import Storage
import Testing

@testable import Service

struct AccessTests {
    @Test(arguments: [
        "localhost", "LocalHost:8420", "127.0.0.1", "127.0.0.1:1", "[::1]:8420", "192.168.1.5:80",
        "models.example", "MODELS.example:443", "x.localhost",
    ])
    func theServersOwnNamesAreTaken(_ host: String) {
        #expect(HostRule(names: ["Models.example"]).accepts(host))
    }

    @Test(arguments: [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "",
        "models.example.", "models.example:8x", "a@localhost", "localhost/x", "1.2.3", "999.1.1.1", "[evil]",
        "localhost:8420:1", "\u{212A}.localhost",
    ])
    func otherNamesAreNot(_ host: String) {
        #expect(!HostRule(names: ["models.example"]).accepts(host))
    }

    @Test func whatIsReachedFromThisMachineAlone() {
        #expect(
            HostRule.isLoopback("127.0.0.1") && HostRule.isLoopback("localhost") && HostRule.isLoopback("::1")
        )
        #expect(!HostRule.isLoopback("0.0.0.0") && !HostRule.isLoopback("127.evil.example"))
        #expect(!HostRule.isLoopback("::") && !HostRule.isLoopback(""))
    }

    @Test func aTokenIsTakenFromBothSchemes() {
        #expect(AccessControl.token("Bearer abc") == "abc")
        #expect(AccessControl.token("bearer  abc ") == "abc")
        #expect(AccessControl.token("Basic \(Base64.text(Array("user:a:b".utf8)))") == "a:b")
        #expect(AccessControl.token("Basic ???") == nil)
        #expect(AccessControl.token("abc") == nil)
        #expect(AccessControl.token(nil) == nil)
    }

    @Test func tokensAreLongDifferentAndFoundByTheirDigests() throws {
        let tokens = (0..<50).map { _ in AccessToken.generate() }
        #expect(Set(tokens).count == 50)
        #expect(tokens.allSatisfy { $0.utf8.count == 37 && $0.hasPrefix("hf_") })
        let digest = try #require(AccessToken.digest(of: tokens[0]))
        let text = String(
            decoding: TokenFile.bytes([AccessToken(name: "a", scope: .read, digest: digest)]), as: UTF8.self)
        #expect(!text.contains(tokens[0]))
        #expect(text.contains(digest.hex))
    }
}

struct RateLimiterTests {
    private let minute: Int64 = 60_000_000_000

    @Test func asManyAtOnceAsInAMinuteAndThenAsTheyComeBack() {
        let limiter = RateLimiter(perMinute: 3)
        #expect((0..<3).allSatisfy { _ in limiter.take("a", now: 0) == nil })
        #expect(limiter.take("a", now: 0) == 20)
        #expect(limiter.take("b", now: 0) == nil)
        #expect(limiter.take("a", now: minute / 3) == nil)
        #expect(limiter.take("a", now: minute / 3) == 20)
        #expect((0..<3).allSatisfy { _ in limiter.take("a", now: 10 * minute) == nil })
        #expect(limiter.take("a", now: 10 * minute) != nil)
    }

    @Test func aFloodOfNamesLeavesThoseOutWhoHaveToWait() {
        let limiter = RateLimiter(perMinute: 2)
        for _ in 0..<3 { _ = limiter.take("eve", now: 0) }
        for number in 0..<25_000 { _ = limiter.take(String(number), now: 0) }
        #expect(limiter.take("eve", now: 0) != nil)
    }

    @Test func anAddressOfIPv6IsItsFirstHalf() {
        #expect(ClientNetwork.name("10.0.0.1") == "10.0.0.1")
        #expect(ClientNetwork.name("::ffff:10.0.0.1") == "10.0.0.1")
        #expect(ClientNetwork.name("2001:db8:1:2:3:4:5:6") == ClientNetwork.name("2001:db8:1:2:ffff::1"))
        #expect(ClientNetwork.name("2001:db8:1:2::1") == "2001:db8:1:2::/64")
        #expect(ClientNetwork.name("2001:db8:1:2::1") != ClientNetwork.name("2001:db8:1:3::1"))
        #expect(ClientNetwork.name("fe80::1%eth0") == ClientNetwork.name("fe80::2%eth0"))
        #expect(ClientNetwork.isLoopback("::1") && ClientNetwork.isLoopback("::ffff:127.0.0.1"))
        #expect(!ClientNetwork.isLoopback("10.0.0.1"))
    }
}

struct TokenLifeTests {
    @Test func aTokenCountsUntilItsEnd() throws {
        let digest = try #require(AccessToken.digest(of: "x"))
        let token = AccessToken(name: "a", scope: .read, digest: digest, expires: 100)
        #expect(token.counts(at: 99) && !token.counts(at: 100))
        #expect(token.isKnown(by: digest))
        let other = try #require(AccessToken.digest(of: "y"))
        #expect(!token.isKnown(by: other))
        // One without an end is read by every Knapsack, one with an end only by those that know of it.
        let text = String(decoding: TokenFile.bytes([token]), as: UTF8.self)
        #expect(text.contains("\"version\": 2") && text.contains("\"expires\": 100"))
    }

    @Test func whatLetsSomebodyInIsNotNoted() {
        #expect(AuditLog.withoutSecrets("/a?version=v1") == "/a?version=v1")
        #expect(
            AuditLog.withoutSecrets("/a?user=x&ticket=abc&Access_Token=hf_1&x")
                == "/a?user=x&ticket=...&Access_Token=...&x")
        #expect(AuditLog.withoutSecrets("/\u{1B}[31m\u{202E}") == "/\\u{1B}[31m\\u{202E}")
    }
}

struct ByteRangeTests {
    @Test func rangesAreReadAsFilesHaveThem() {
        #expect(ByteRange.of(nil, size: 10) == .whole)
        #expect(ByteRange.of("bytes=0-", size: 10) == .part(0..<10))
        #expect(ByteRange.of("bytes=2-3", size: 10) == .part(2..<4))
        #expect(ByteRange.of("bytes=2-999999999999999999", size: 10) == .part(2..<10))
        #expect(ByteRange.of("bytes=-3", size: 10) == .part(7..<10))
        #expect(ByteRange.of("bytes=-30", size: 10) == .part(0..<10))
        #expect(ByteRange.of("bytes=10-", size: 10) == .unsatisfiable)
        #expect(ByteRange.of("bytes=-0", size: 10) == .unsatisfiable)
        #expect(ByteRange.of("bytes=0-0", size: 0) == .unsatisfiable)
        for odd in [
            "bytes=3-2", "bytes=0-1,3-4", "bytes=a-b", "bytes=-", "items=0-1", "bytes=9999999999999999999-",
        ] {
            #expect(ByteRange.of(odd, size: 10) == .whole)
        }
    }

    @Test func aTagIsFoundAmongSeveral() {
        #expect(Precondition.matches("\"a\", W/\"b\"", "\"b\""))
        #expect(Precondition.matches("*", "\"b\""))
        #expect(!Precondition.matches("\"bc\"", "\"b\""))
        #expect(!Precondition.matches(nil, "\"b\""))
    }

    @Test func timesAreWrittenAsHTTPHasThem() {
        #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(HTTPDate.text(1_796_030_999) == "Mon, 30 Nov 2026 09:29:59 GMT")
    }

    @Test func aFieldStaysOneFieldWhateverItsValueIs() {
        var fields = HeaderFields()
        fields.append("X", "a\r\nSet-Cookie: b\u{0}")
        #expect(fields.fields.map(\.value) == ["a??Set-Cookie: b?"])
    }
}

import Testing

@testable import Formats
@testable import Transfer

/// What the Hub gives to ask the store of Xet with.
@Suite struct XetTokenTests {
    private static func token(_ text: String, isLocal: Bool = false) throws -> XetToken? {
        XetToken(try JSON.parse(Array(text.utf8)), isLocal: isLocal)
    }

    @Test func aTokenStatesWhereItIsSentAndHowLong() throws {
        let token = try #require(
            try Self.token(#"{"accessToken":"abc","exp":1234,"casUrl":"https://cas.example.org/store/"}"#))
        #expect(token.expires == 1234)
        #expect(
            "\(token.at("/v2/reconstructions/00"))" == "https://cas.example.org/store/v2/reconstructions/00")
        #expect("\(token.authorization)" == "…")
    }

    @Test(arguments: [
        #"{"exp":1,"casUrl":"https://a"}"#, #"{"accessToken":"a","casUrl":"https://a"}"#,
        #"{"accessToken":"a","exp":1}"#, #"{"accessToken":"","exp":1,"casUrl":"https://a"}"#,
        #"{"accessToken":"a\r\nX: y","exp":1,"casUrl":"https://a"}"#,
        #"{"accessToken":"a","exp":1,"casUrl":"http://example.org"}"#,
        #"{"accessToken":"a","exp":1,"casUrl":"http://127.0.0.1:8000"}"#,
        #"{"accessToken":"a","exp":1,"casUrl":"http://localhost"}"#,
        #"{"accessToken":"a","exp":1,"casUrl":"https://b@a"}"#,
        #"{"accessToken":"a","exp":1e300,"casUrl":"https://a"}"#,
        #"{"accessToken":"a","exp":1,"casUrl":"ftp://a"}"#,
    ])
    func whatIsNoneOrWouldBeReadOnTheWayIsRefused(_ text: String) throws {
        #expect(try Self.token(text) == nil)
    }

    @Test func theStoreOfAHubOnThisMachineMayDoWithoutTLS() throws {
        let text = #"{"accessToken":"a","exp":1,"casUrl":"http://127.0.0.1:8000"}"#
        #expect("\(try #require(try Self.token(text, isLocal: true)).at("/x"))" == "http://127.0.0.1:8000/x")
    }
}

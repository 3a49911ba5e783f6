import Testing

@testable import Transfer

@Suite struct AuthenticationChallengeTests {
    @Test func readsBearer() throws {
        let header =
            #"Bearer realm="https://auth.example.org/token",service="r e",scope="repository:a/b:pull,push""#
        let found = AuthenticationChallenge.parse(header)
        let challenge = try #require(found.first)
        #expect(found.count == 1)
        #expect(challenge.scheme == "bearer")
        #expect(challenge["realm"] == "https://auth.example.org/token")
        #expect(challenge["service"] == "r e")
        #expect(challenge["scope"] == "repository:a/b:pull,push")
        #expect(challenge["error"] == nil)
    }

    @Test func readsSeveral() {
        let found = AuthenticationChallenge.parse(
            #"Negotiate, BASIC Realm = "a \"b\" \\", Bearer realm=x , service=y"#)
        #expect(found.map(\.scheme) == ["negotiate", "basic", "bearer"])
        #expect(found[1]["realm"] == #"a "b" \"#)
        #expect(found[2]["service"] == "y")
    }

    @Test(
        arguments: [
            "", ",", "=", #"Bearer realm=""#, #"Bearer realm="a\"#, "Bearer realm=", "\u{0}", "Bearer \"x\"",
        ])
    func endsAtNonsense(header: String) {
        #expect(AuthenticationChallenge.parse(header).allSatisfy { $0["realm"] == nil })
    }
}

import Formats
import Testing

@testable import Transfer

/// What becomes of the file that `kaggle auth login` left, when its token is renewed.
@Suite struct KaggleLoginTests {
    private static let login = KaggleLogin(path: "/nowhere", refreshToken: Secret("R"), accessToken: nil)
    private static let renewed = KaggleLogin.Renewed(token: Secret("new"), seconds: 43_200)

    private func text(_ old: String, _ renewed: KaggleLogin.Renewed = renewed) -> String? {
        Self.login.text(Array(old.utf8), renewed, now: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func theTokenAndItsEndAreReplacedAndAllElseStays() {
        let old = """
            {
              "refresh_token": "R",
              "access_token": "old",
              "access_token_expiration": "2020-01-02T03:04:05.678901+00:00",
              "username": "tester",
              "scopes": ["a", {"access_token": "another"}],
              "of another day": 1.50
            }
            """
        let new = old.replacing("\"old\"", with: "\"new\"")
            .replacing("2020-01-02T03:04:05.678901+00:00", with: "1970-01-01T12:00:00.000000+00:00")
        #expect(text(old) == new)
    }

    @Test func whatIsNotThereIsAdded() throws {
        let json = try JSON.parse(Array(try #require(text(#"{"refresh_token": "R"}"#)).utf8))
        #expect(json["access_token"]?.string == "new" && json["refresh_token"]?.string == "R")
        #expect(json["access_token_expiration"]?.string == "1970-01-01T12:00:00.000000+00:00")
    }

    @Test(arguments: [#"{"refresh_token": "another", "access_token": "x"}"#, "{", "[]", "", "{}"])
    func theFileOfAnotherLoginIsLeftAlone(_ old: String) { #expect(text(old) == nil) }

    @Test(arguments: [
        (-5, "1970-01-01T00:00:00.000000+00:00"), (Int.max, "1979-12-30T00:00:00.000000+00:00"),
    ])
    func aLifeThatMakesNoSenseHasBounds(_ seconds: Int, _ end: String) throws {
        let renewed = KaggleLogin.Renewed(token: Secret("new"), seconds: seconds)
        let json = try JSON.parse(Array(try #require(text(#"{"refresh_token": "R"}"#, renewed)).utf8))
        #expect(json["access_token_expiration"]?.string == end)
    }
}

import Formats
import Manifests
import Storage
import TestSupport
import Testing

@testable import Transfer

@Suite struct RegistryCredentialsTests {
    private static func find(
        _ document: String, for name: String = "oci://reg.example.org:5000/team/models:v1"
    ) async throws -> RegistryCredentials? {
        let reference = try #require(RegistryReference(name))
        return try await withTemporaryDirectory { directory in
            _ = try AtomicFile.write(Array(document.utf8), to: Path.join(directory, "config.json"))
            return try RegistryCredentials.find(
                reference, environment: ["DOCKER_CONFIG": directory, "HOME": "/nowhere"])
        }
    }

    private static func basic(_ text: String) -> String { Base64.text(Array(text.utf8)) }

    private static func sent(_ credentials: RegistryCredentials?) -> String? {
        guard case .basic(_, let secret)? = credentials?.content else { return nil }
        return secret.reveal()
    }

    @Test func takesLongest() async throws {
        let document = """
            {"auths": {"reg.example.org:5000": {"auth": "\(Self.basic("a:1"))"},
                       "reg.example.org:5000/team": {"auth": "\(Self.basic("b:2"))"},
                       "reg.example.org:5000/tea": {"auth": "\(Self.basic("c:3"))"},
                       "reg.example.org": {"auth": "\(Self.basic("d:4"))"}}}
            """
        #expect(Self.sent(try await Self.find(document)) == "Basic \(Self.basic("b:2"))")
    }

    @Test func findsDockerHub() async throws {
        let document = #"{"auths": {"https://index.docker.io/v1/": {"auth": "\#(Self.basic("ann:p:q"))"}}}"#
        #expect(
            Self.sent(try await Self.find(document, for: "oci://docker.io/ai/small"))
                == "Basic \(Self.basic("ann:p:q"))")
    }

    @Test func findsNobody() async throws {
        for document in [
            "{}", #"{"auths": {}}"#, #"{"auths": {"reg.example.org:5000": {}}}"#,
            #"{"auths": {"other": {"auth": "x"}}}"#,
        ] {
            #expect(try await Self.find(document) == nil)
        }
    }

    @Test(
        arguments: [
            "", "[]", #"{"auths": {"reg.example.org:5000": {"auth": "c2VjcmV0"}}}"#,
            #"{"credsStore": "a/b"}"#,
        ])
    func namesWhatIsWrong(document: String) async throws {
        let error = await #expect(throws: RegistryCredentials.Unusable.self) { try await Self.find(document) }
        #expect(error?.reason.contains("secret") == false)
        #expect(error?.reason.contains("config.json") == true)
    }

    @Test func printsNothing() async throws {
        let document = #"{"auths": {"reg.example.org:5000": {"auth": "\#(Self.basic("ann:hidden"))"}}}"#
        let credentials = try #require(try await Self.find(document))
        #expect(!"\(credentials)".contains(Self.basic("ann:hidden")))
    }
}

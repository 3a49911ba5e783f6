import Formats
import Testing

@testable import Scanning

/// Tokens and keys by name and by shape. Every value here is made up, in two parts so that no scanner takes this file for one.
@Suite struct CredentialTests {
    private func kinds(_ text: String) -> [String] {
        CredentialScan.findings(in: Array(text.utf8).span).map { "\($0.line): \($0.kind)" }
    }

    @Test(arguments: [
        ("hf" + "_QwErTyUiOpAsDfGhJkLzXcVbNmPoIuYtRe", "a token of Hugging Face"),
        ("gh" + "p_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6", "a token of GitHub"),
        ("KG" + "AT_1f83ab09c7d2e64b5a90fe317c28d4b6", "a token of Kaggle"),
        ("AK" + "IAQ3EGTRWY5UP2LKDN", "a key of AWS"),
        ("AI" + "zaSyB7kq2Wm9Xc4Vn1Rt8Yp5Lj3Hd6Gf0SaE-", "a key of Google"),
        ("gl" + "pat-Zx9Qw3Er7Ty1Ui5Op2As", "a token of GitLab"),
        ("aws_secret_" + "access_key = w7Jq/kP2xV9zR4tB+nL8sD1fG6hY3mC5eA0uKoIi", "a secret key of AWS"),
        (#"{"username":"a","kaggle_"# + #"key": "1f83ab09c7d2e64b5a90fe317c28d4b6"}"#, "a key of Kaggle"),
    ]) func tokensAreFoundByTheirShape(_ token: String, _ kind: String) {
        #expect(kinds("a\nx = \"\(token)\"\n") == ["2: \(kind)"])
        #expect(kinds("\"os.environ['X'] = 1\\n\(token)\\n\"").contains("1: \(kind)"))
    }

    @Test func kagglesKeyIsFoundUnderAnyNameOfItsFile() {
        let key = "1f83ab09c7d2e64b" + "5a90fe317c28d4b6"
        #expect(kinds("{\"username\":\"a\",\"key\":\"\(key)\"}") == ["1: a key of Kaggle"])
        #expect(kinds("{\n  \"username\": \"a\",\n  \"key\": \"\(key)\"\n}") == ["3: a key of Kaggle"])
        #expect(kinds("{\"key\": \"\(key)\"}") == [])
    }

    @Test func keysOfWeightsAndBiasesAreFoundByTheNameBeforeThem() {
        let key = "1f83ab09c7d2e64b5a90" + "fe317c28d4b6091ac5e7"
        #expect(kinds("export WANDB_API_KEY=\(key)\n") == ["1: a key of Weights & Biases"])
        #expect(kinds("machine api.wandb.ai login user password \(key)") == ["1: a key of Weights & Biases"])
        #expect(kinds("export WANDB_API_KEY=$KEY\ncommit \(key)\n") == [])
        #expect(kinds("see wandb.ai/team/run and \(key)") == [])
    }

    @Test func tokensOfOAuthAreFoundByTheirHeader() {
        let token = "hf" + "_oauth_eyJhbGciOiJFZERTQSJ9.Zx9Qw3Er7Ty1Ui5Op2As.w7JqkP2xV9zR4tBnL8sD"
        #expect(kinds("token=\(token)") == ["1: a token of Hugging Face"])
        #expect(kinds("hf_oauth_redirect_of_a_page") == [])
    }

    @Test func lettersAreReadAsTheReaderOfTheFileSeesThem() {
        let text = #"{"token": "\u0068\u0066_QwErTyUi"# + #"OpAsDfGhJkLzXcVbNmPoIuYtRe", "a": "\u000a\u00"}"#
        let read = CredentialScan.text(Array(text.utf8))
        #expect(CredentialScan.findings(in: read.span).map(\.kind) == ["a token of Hugging Face"])
        #expect(read.suffix(16).isText(#""a": "\u000a\u00"}"#.suffix(16).description))
    }

    @Test func stringsOfPicklesAreLinesOfTheirOwn() {
        let token = "hf" + "_QwErTyUiOpAsDfGhJkLzXcVbNmPoIuYtRe"
        func string(_ text: String) -> [UInt8] { [0x58, UInt8(text.utf8.count), 0, 0, 0] + text.utf8 }
        let old = [0x80, 2] + string("hub_token_of_a_trainer") + string(token) + Array("q\u{1}u.".utf8)
        let new = [0x80, 4, 0x8C, UInt8(token.utf8.count)] + Array(token.utf8) + [0x94, 0x2E]
        for pickle in [old, new] {
            let lines = CredentialStrings.ofPickles(pickle.span)
            #expect(CredentialScan.findings(in: lines.span).map(\.kind) == ["a token of Hugging Face"])
        }
        #expect(CredentialStrings.ofPickles([0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x8C, 0xFF].span) == [])
    }

    @Test func textsInUTF16AreRead() {
        let token = "hf" + "_QwErTyUiOpAsDfGhJkLzXcVbNmPoIuYtRe"
        let little: [UInt8] = [0xFF, 0xFE] + token.utf8.flatMap { [$0, 0 as UInt8] }
        let big: [UInt8] = [0xFE, 0xFF] + token.utf8.flatMap { [0 as UInt8, $0] }
        for bytes in [little, big] {
            let text = CredentialScan.text(bytes)
            #expect(CredentialScan.findings(in: text.span).map(\.kind) == ["a token of Hugging Face"])
        }
    }

    @Test(arguments: [
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "hf_abcdefghijklmnopqrstuvwxyzabcdefgh",
        "hf_your_token_here",
        "hf_YourHuggingFaceTokenGoesHereNowAbcd", "AKIAIOSFODNN7EXAMPLE", "hf_transfer", "sk-1234",
        "ghp_000000000000000000000000000000000000", "hf_QwErTyUiOpAsDfGhJkLzXcVbNmPoIuYtReX",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    ]) func placeholdersAreNot(_ text: String) {
        #expect(kinds(text) == [])
    }

    @Test func privateKeysAreFoundAlsoWithEscapedLineEnds() {
        let body =
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4" + "ha2PsRfKbQpY7"
        for start in ["PRIVATE", "RSA PRIVATE", "OPENSSH PRIVATE"] {
            let header = "-----BEGIN \(start) " + "KEY-----"
            #expect(kinds("x\n\(header)\n\(body)\n") == ["2: a private key"])
            #expect(kinds("{\"private_key\": \"\(header)\\n\(body)\\n\"}") == ["1: a private key"])
        }
    }

    @Test(arguments: [
        ".env", "a/.env.local", ".netrc", "_netrc", "a/id_rsa", "a/.aws/credentials", ".docker/config.json",
        "kaggle.json", ".ssh/config", ".git-credentials", ".pypirc", "x/ID_ED25519", "store.p12", ".my.cnf",
        ".modal.toml",
    ]) func filesAreFoundByTheirNames(_ path: String) throws {
        #expect(CredentialName.kind(of: try #require(RelativePath(path)), among: []) != nil)
    }

    @Test(arguments: [
        "config.json", "tokenizer.json", "data/token", ".env.example", "id_rsa.pub", ".ssh/known_hosts",
        "credentials/readme.md", "environment.yml", "gcloud/a.txt", "config",
    ]) func otherFilesAreNot(_ path: String) throws {
        #expect(CredentialName.kind(of: try #require(RelativePath(path)), among: []) == nil)
    }

    @Test func aTokenIsOneInTheHomeOfItsClient() {
        let others: Set<RelativePath> = ["stored_tokens", "token"]
        #expect(CredentialName.kind(of: "token", among: others) != nil)
        #expect(CredentialName.kind(of: "a/token", among: others) == nil)
    }

    @Test func vocabulariesAreNotLookedThrough() {
        for name in ["tokenizer.json", "vocab.txt", "a/model.safetensors.index.json", "model.safetensors"] {
            #expect(!CredentialName.isText(name))
        }
        for name in ["a.ipynb", "Dockerfile", ".bashrc", "x.PY", "config.json"] {
            #expect(CredentialName.isText(name))
        }
    }
}

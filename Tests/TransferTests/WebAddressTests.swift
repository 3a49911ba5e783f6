import Testing

@testable import Transfer

/// URLs that are followed, and those that are not.
@Suite struct WebAddressTests {
    @Test func anAddressIsTakenApart() throws {
        let address = try #require(WebAddress("HTTPS://Huggingface.CO:8443/a/b?c=d#e"))
        #expect(address.isSecure && address.host == "huggingface.co" && address.port == 8443)
        #expect(address.target == "/a/b?c=d" && address.description == "https://huggingface.co:8443/a/b")
        #expect(WebAddress("http://[::1]:8/")?.authority == "[::1]:8")
        #expect(WebAddress("http://h?x")?.target == "/?x")
    }

    @Test(arguments: [
        "", "ftp://h/", "http://", "http:///a", "http://user@h/", "http://user:password@h/", "http://h:0/",
        "http://h:99999/",
        "http://h:x/", "http://[::1/", "http://[x]/", "http://a b/", "//h/a", "/a",
    ])
    func whatIsNoneIsRefused(_ text: String) {
        #expect(WebAddress(text) == nil)
    }

    @Test(arguments: [
        ("https://x/y", "https://x/y"), ("//x:81/y", "http://x:81/y"), ("/y?z", "http://h/y?z"),
        ("y", "http://h/a/y"),
        ("../y", "http://h/y"), ("?q", "http://h/a/b?q"), ("./y/../z", "http://h/a/z"),
    ])
    func aReferenceIsResolved(_ reference: String, _ wanted: String) throws {
        let base = try #require(WebAddress("http://h/a/b?c"))
        let found = try #require(base.resolving(reference))
        #expect(found.origin + found.target == wanted)
    }

    @Test func aReferenceToSomethingElseIsRefused() throws {
        let base = try #require(WebAddress("http://h/a"))
        for reference in ["javascript:x", "file:///etc/passwd", "mailto:a@b", "http://user@h/"] {
            #expect(base.resolving(reference) == nil, "\(reference)")
        }
    }

    @Test func theTokenGoesToTheHubAloneAndNotInTheOpen() throws {
        func may(_ endpoint: String, _ address: String) throws -> Bool {
            try #require(HubEndpoint(endpoint)).mayHaveToken(try #require(WebAddress(address)))
        }
        #expect(try may("https://huggingface.co", "https://huggingface.co/x"))
        #expect(try may("https://huggingface.co/", "https://HUGGINGFACE.co:443/x"))
        #expect(try may("http://127.0.0.1:80", "http://127.0.0.1/x"))
        #expect(try may("http://localhost:81", "http://localhost:81/x"))
        #expect(try !may("https://huggingface.co", "https://cdn-lfs.huggingface.co/x"))
        #expect(try !may("https://huggingface.co", "http://huggingface.co/x"))
        #expect(try !may("https://huggingface.co", "https://huggingface.co:444/x"))
        #expect(try !may("http://mirror.example", "http://mirror.example/x"))
        #expect(try !may("http://127.0.0.1.example.org", "http://127.0.0.1.example.org/x"))
    }

    @Test func proxiesAreChosenByTheVariables() throws {
        func proxy(_ environment: [String: String], _ address: String) throws -> String? {
            try ProxySettings(environment: environment).proxy(for: try #require(WebAddress(address)))
                .map { "\($0.host):\($0.port)" }
        }
        let both = ["HTTPS_PROXY": "http://p:1", "http_proxy": "q:2", "HTTP_PROXY": "r:3"]
        #expect(try proxy(both, "https://a/") == "p:1" && proxy(both, "http://a/") == "q:2")
        #expect(try proxy(["ALL_PROXY": "http://user:pa%40ss@p"], "https://a/") == "p:80")
        let but = ["https_proxy": "p:1", "NO_PROXY": "a.org, .b.org,c.org:8443,10.0.0.1"]
        for (address, isDirect) in [
            ("https://a.org/", true), ("https://x.a.org/", true), ("https://xa.org/", false),
            ("https://b.org/", true),
            ("https://c.org/", false), ("https://c.org:8443/", true), ("https://10.0.0.1/", true),
        ] {
            #expect(try (proxy(but, address) == nil) == isDirect, "\(address)")
        }
        #expect(try proxy(["https_proxy": "p:1", "no_proxy": "*"], "https://a/") == nil)
        #expect(throws: NetworkError.self) { try proxy(["https_proxy": "socks5://p:1"], "https://a/") }
    }

    @Test func aSecretIsNeverPrinted() {
        let secret = Secret("hf_very_secret")
        var dumped = ""
        dump([secret], to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \([secret]) \(dumped)".contains("very"))
        #expect(secret.reveal() == "hf_very_secret")
    }
}

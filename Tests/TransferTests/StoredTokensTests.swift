import Testing

@testable import Transfer

/// What is read of the file in which the Hub's client keeps the tokens of a user.
@Suite struct StoredTokensTests {
    /// As huggingface_hub 2.4 writes it, by Python's configparser.
    private static let text = """
        [browser]
        hf_token = hf_oauth_one
        refresh_token = hf_refresh%one
        expires_at = 1790000000

        [my own, é]
        hf_token = hf_two

        # a note
        [by hand]
        HF_Token : hf_three
        expires_at=soon
        """

    @Test func theEndOfATokenIsThatOfItsOwnSection() {
        let stored = StoredTokens(Self.text)
        #expect(stored.end(of: "hf_oauth_one") == 1_790_000_000)
        #expect(stored.end(of: "hf_two") == nil && stored.end(of: "hf_three") == nil)
        #expect(stored.end(of: "hf_refresh%one") == nil && stored.end(of: "") == nil)
    }

    @Test(arguments: ["", "[", "hf_token = a", "[a]\nhf_token", "[a]\n=\n:", "\r\n[a]\r\n = x\r\n"])
    func whatIsNoSuchFileStatesNothing(_ text: String) {
        #expect(StoredTokens(text).end(of: "a") == nil)
    }
}

import Formats

/// Why Kaggle does not give what was asked.
struct KaggleRefusal: Error, Equatable, Sendable {
    /// The status, of the answer or in it.
    let status: Int
    /// What Kaggle says of it, as one line; empty where it says nothing.
    let message: String

    /// What an answer refuses: an error has a code of 400 or more in its JSON, or as its status (kagglesdk 0.1.38,
    /// `KaggleHttpClient._prepare_response`).
    /// - Returns: `nil` where it refuses nothing.
    init?(status: Int, _ json: JSON?) {
        let code = json?["code"]?.integer ?? 0
        guard status >= 400 || code >= 400 else { return nil }
        self.status = code >= 400 ? code : status
        message = CleanText.line(json?["message"]?.string) ?? ""
    }
}

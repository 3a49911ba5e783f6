import Formats

/// Where Kaggle's interface is (kagglesdk 0.1.38, `kaggle_env.py`).
package struct KaggleEndpoint: Sendable {
    /// The service's own address; what is below `/v1/` are its methods.
    let address: WebAddress
    private let prefix: String
    private let pages: String

    /// What `KAGGLE_API_ENVIRONMENT` names, else kaggle.com.
    /// - Returns: `nil` for a value that the clients refuse.
    package init?(environment: [String: String]) {
        let (text, prefix): (String, String)
        switch environment["KAGGLE_API_ENVIRONMENT"] ?? "PROD" {
        case "PROD": (text, prefix) = ("https://api.kaggle.com", "")
        case "LOCALHOST": (text, prefix) = ("http://localhost", "/api")
        case "TEST": (text, prefix) = ("http://localhost:7777", "/api")
        case "STAGING": (text, prefix) = ("https://staging.kaggle.com", "/api")
        case "ADMIN": (text, prefix) = ("https://admin.kaggle.com", "/api")
        case "QA": (text, prefix) = ("https://qa.kaggle.com", "/api")
        default: return nil
        }
        guard let address = WebAddress(text) else { return nil }
        self.address = address
        self.prefix = prefix
        pages = prefix.isEmpty ? "https://www.kaggle.com" : text
    }

    /// Where a method is called.
    func method(_ method: KaggleMethod) -> WebAddress { address.at("\(prefix)/v1/\(method.rawValue)") }

    /// The page of something, for people.
    func page(_ path: String) -> String { "\(pages)/\(path)" }

    /// Whether credentials may be sent to an address: the service's own, over TLS or to this machine.
    func mayHaveCredential(_ other: WebAddress) -> Bool {
        other.hasSameOrigin(as: address) && (other.isSecure || other.isLoopback)
    }
}

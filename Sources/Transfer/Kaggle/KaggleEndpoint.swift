import Formats
import Manifests

/// Where Kaggle is (kagglesdk 0.1.38, `kaggle_env.py`), and its pages for people.
package struct KaggleEndpoint: Sendable {
    /// The address of Kaggle's interface.
    package let address: WebAddress
    private let prefix: String
    private let site: String

    /// The values of `KAGGLE_API_ENVIRONMENT` that mean a place which can be asked; the clients know two more, behind a
    /// gate of Kaggle's own.
    package static let environments = ["PROD", "QA", "LOCALHOST", "TEST"]

    /// What `KAGGLE_API_ENVIRONMENT` names, else api.kaggle.com; `nil` where it names nothing that can be asked.
    package init?(environment: [String: String]) {
        let name = environment["KAGGLE_API_ENVIRONMENT"] ?? "PROD"
        let url: String
        switch name.utf8.map({ $0 }) {
        case Array("PROD".utf8): url = "https://api.kaggle.com"
        case Array("QA".utf8): url = "https://qa.kaggle.com"
        case Array("LOCALHOST".utf8): url = "http://localhost"
        case Array("TEST".utf8): url = "http://localhost:7777"
        default: return nil
        }
        guard let address = WebAddress(url) else { return nil }
        self.address = address
        let isPublic = name.hasSameBytes(as: "PROD")
        prefix = isPublic ? "/v1" : "/api/v1"
        site = isPublic ? "https://www.kaggle.com" : url
    }

    /// The address of a method.
    func method(_ call: KaggleCall) -> WebAddress { address.at("\(prefix)/\(call.service)/\(call.method)") }

    /// The page of something of Kaggle, for people.
    func page(_ handle: KaggleHandle) -> String {
        let parts = handle.parts.joined(separator: "/")
        return switch handle.kind {
        case .model: "\(site)/models/\(parts)"
        case .dataset: "\(site)/datasets/\(parts)"
        case .competition: "\(site)/competitions/\(parts)"
        case .notebook: "\(site)/code/\(parts)"
        }
    }

    /// Where a user agrees to what its owner wants agreed.
    func consentPage(_ handle: KaggleHandle) -> String {
        handle.kind == .competition ? page(handle) + "/rules" : page(handle)
    }

    /// Where a user gets a token.
    var settings: String { "\(site)/settings" }

    /// Whether credentials for Kaggle may be sent to an address: its own origin, over TLS or to this machine.
    func mayHaveCredentials(_ other: WebAddress) -> Bool {
        other.hasSameOrigin(as: address) && (other.isSecure || other.isLoopback)
    }
}

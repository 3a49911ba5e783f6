import Formats

/// Why a registry does not give or take what was asked.
struct RegistryRefusal: ServiceRefusal, Equatable {
    /// The status of the answer.
    let status: Int
    /// The registry's code, such as "MANIFEST_UNKNOWN" (OCI distribution specification 1.1, "Error Codes"); may be empty.
    let code: String
    /// The registry's own words; may be empty.
    let words: String
    /// Whether credentials were sent.
    let isKnown: Bool

    var concernsOneFile: Bool { status == 404 }

    /// The most bytes of a refusal that are read.
    private static let limit = 1 << 16

    /// Takes an answer whose body nobody has read.
    init(_ response: HTTPResponse, isKnown: Bool) {
        status = response.head.status
        self.isKnown = isKnown
        let error = (try? response.body(limit: Self.limit)).flatMap { try? JSON.parse($0) }?["errors"]?.array?
            .first
        code = error?["code"]?.string ?? ""
        words = error?["message"]?.string ?? ""
    }

    /// A refusal whose words are not known.
    init(status: Int, isKnown: Bool) {
        self.status = status
        self.isKnown = isKnown
        code = ""
        words = ""
    }

    /// Credentials that are not sent, because others could read them on the way.
    struct Withheld: Error {
        /// Where they would have gone.
        let origin: String
    }
}

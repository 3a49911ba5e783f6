import Formats
import Site
import Storage

/// The page itself: the files that a browser loads, which hold nothing of what the server has.
///
/// They are sent to everybody who calls the server by one of its names, because a browser sends no token with them: the page
/// asks for the token, and sends it with each question. Every other request goes on to the handler inside.
package struct SitePages: RequestHandler {
    private let inner: any RequestHandler
    private let hosts: HostRule

    /// - Parameters:
    ///   - inner: answers everything else, after it looked at who asks.
    ///   - hosts: the names by which the server may be called.
    package init(_ inner: any RequestHandler, hosts: HostRule) {
        self.inner = inner
        self.hosts = hosts
    }

    /// A file of the page, or the answer of the handler inside.
    package func answer(_ request: Request) -> Response {
        let target = request.head.target
        let method = request.head.method
        guard method == "GET" || method == "HEAD", target.authority == nil, hosts.accepts(request.head.host)
        else { return inner.answer(request) }
        switch target.segments {
        case [""]: return SitePages.file("index.html", request)
        case let parts where parts.count == 2 && parts[0].hasSameBytes(as: "page"):
            return SitePages.file(parts[1], request)
        default: return inner.answer(request)
        }
    }

    /// What a browser may do with the page: load its own files and ask its own server, and nothing else.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

    private static func file(_ name: String, _ request: Request) -> Response {
        guard let file = Site.all.first(where: { $0.name.hasSameBytes(as: name) }) else {
            return .refusal(404, "the page has no file of this name")
        }
        let bytes = Array(file.text.utf8)
        let digest = (try? ContentHasher.sha256(bytes.span))?.hex ?? ""
        let tag = "\"\(digest.prefix(32))\""
        var response = Response(200, .bytes(bytes))
        if let known = request.head.fields["if-none-match"], HeaderFields.list(known).containsExactly(tag) {
            response = Response(304)
        }
        response.fields.append("ETag", tag)
        response.fields.append("Cache-Control", "no-cache")
        response.fields.append("Content-Type", type(of: name))
        return response.with("Content-Security-Policy", policy)
            .with("Referrer-Policy", "no-referrer").with("Cross-Origin-Opener-Policy", "same-origin")
            .with("Cross-Origin-Resource-Policy", "same-origin")
    }

    private static func type(of name: String) -> String {
        if name.hasUTF8Suffix(".css") { return "text/css; charset=utf-8" }
        if name.hasUTF8Suffix(".js") { return "text/javascript; charset=utf-8" }
        if name.hasUTF8Suffix(".svg") { return "image/svg+xml" }
        return "text/html; charset=utf-8"
    }
}

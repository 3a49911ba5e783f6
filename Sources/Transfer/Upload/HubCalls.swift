import Formats
import Manifests
import Storage

/// Why the Hub does not take an upload, with its own words.
struct HubUploadRefusal: Error, Equatable {
    /// The status of the answer.
    let status: Int
    /// What the Hub said.
    let words: String
}

/// The calls that change a repository on the Hub (huggingface_hub 2.4, `hf_api.py`, `_commit_api.py` and `lfs.py`).
struct HubCalls: Sendable {
    private let client: HubClient
    private let repository: HubRepository

    /// The type of the bodies of LFS.
    private static let lfsType = "application/vnd.git-lfs+json"
    /// The most bytes of an answer.
    private static let limit = 1 << 26
    /// The most files of one question.
    static let batch = 256

    /// Sends nothing yet.
    init(_ client: HubClient, _ repository: HubRepository) {
        self.client = client
        self.repository = repository
    }

    /// Where it is.
    var endpoint: HubEndpoint { client.endpoint }

    // MARK: The repository

    /// Makes the repository; one that is there is no error.
    func create(isPrivate: Bool) throws {
        let parts = repository.id.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        var body: [JSON.Member] = [
            JSON.Member("name", .string(parts.last ?? "")),
            JSON.Member("organization", .string(parts.first ?? "")),
            JSON.Member("type", .string(repository.kind.rawValue)),
        ]
        if isPrivate { body.append(JSON.Member("visibility", "private")) }
        if repository.kind == .space { body.append(JSON.Member("sdk", "static")) }
        let address = endpoint.address.at("\(endpoint.prefix)/api/repos/create")
        do {
            _ = try post(address, .object(body))
        } catch let refusal as HubUploadRefusal where refusal.status == 409 {
            // Somebody was faster.
        }
    }

    /// Makes a branch from what `main` is; one that is there is no error.
    func create(branch: String) throws {
        do {
            _ = try post(endpoint.api(repository, "branch/" + WebAddress.segment(branch)), .object([]))
        } catch let refusal as HubUploadRefusal where refusal.status == 409 {
            // It is there.
        }
    }

    // MARK: What becomes of files

    /// How a file is stored in a repository.
    enum Mode: Sendable { case regular, lfs, ignored }

    /// How the Hub wants files to be stored.
    /// - Parameter files: each with its first 512 bytes.
    func modes(
        _ files: [(file: OutgoingFile, sample: [UInt8])], branch: String, asPullRequest: Bool
    ) throws -> [RelativePath: Mode] {
        var modes: [RelativePath: Mode] = [:]
        var rest = files[...]
        while !rest.isEmpty {
            let part = rest.prefix(HubCalls.batch)
            rest = rest.dropFirst(HubCalls.batch)
            let body: JSON = [
                "files": .array(
                    part.map { file, sample in
                        [
                            "path": .string(file.path.text), "sample": .string(Base64.text(sample)),
                            "size": .integer(file.size),
                        ]
                    })
            ]
            let query = asPullRequest ? "?create_pr=1" : ""
            let answer = try post(
                endpoint.api(repository, "preupload/\(WebAddress.segment(branch))\(query)"), body)
            for entry in answer["files"]?.array ?? [] {
                guard let path = entry["path"]?.string.flatMap({ RelativePath($0) }) else { continue }
                let isLFS = entry["uploadMode"]?.string?.hasSameBytes(as: "lfs") == true
                modes[path] = entry["shouldIgnore"]?.bool == true ? .ignored : isLFS ? .lfs : .regular
            }
        }
        for (file, _) in files {
            guard let mode = modes[file.path] else {
                throw NetworkError(
                    .malformed, "the Hub does not state how it stores \(file.path)", isPassing: false)
            }
            // The store takes no empty objects (huggingface_hub 2.4, `_fetch_upload_modes`).
            if file.size == 0, mode == .lfs { modes[file.path] = .regular }
        }
        return modes
    }

    /// What has to be done so that the Hub has contents.
    /// - Returns: an entry for each content that it has not got.
    func actions(_ files: [OutgoingFile], branch: String) throws -> [SHA256Digest: LFSAction] {
        var actions: [SHA256Digest: LFSAction] = [:]
        var rest = files[...]
        while !rest.isEmpty {
            let part = rest.prefix(HubCalls.batch)
            rest = rest.dropFirst(HubCalls.batch)
            let body: JSON = [
                "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
                "ref": ["name": .string(branch)],
                "objects": .array(
                    part.map { ["oid": .string($0.sha256.hex), "size": .integer($0.size)] }),
            ]
            let kind = repository.kind == .model ? "" : "\(repository.kind.rawValue)s/"
            let address = endpoint.address.at(
                "\(endpoint.prefix)/\(kind)\(repository.id).git/info/lfs/objects/batch")
            let answer = try post(address, body, type: HubCalls.lfsType)
            for object in answer["objects"]?.array ?? [] {
                guard let digest = object["oid"]?.string.flatMap({ SHA256Digest(hex: $0) }) else { continue }
                if let error = object["error"] {
                    throw HubUploadRefusal(
                        status: error["code"]?.integer ?? 0, words: error["message"]?.string ?? "")
                }
                guard let upload = object["actions"]?["upload"] else { continue }
                actions[digest] = try LFSAction(upload, verify: object["actions"]?["verify"], endpoint)
            }
        }
        return actions
    }

    /// Has the Hub look at an object that was sent.
    func verify(_ file: OutgoingFile, at address: WebAddress) throws {
        _ = try post(address, ["oid": .string(file.sha256.hex), "size": .integer(file.size)])
    }

    /// Puts the parts of an object together.
    func complete(_ file: OutgoingFile, etags: [String], at address: WebAddress) throws {
        let parts = etags.enumerated().map { number, etag -> JSON in
            ["partNumber": .integer(number + 1), "etag": .string(etag)]
        }
        _ = try post(
            address, ["oid": .string(file.sha256.hex), "parts": .array(parts)], type: HubCalls.lfsType)
    }

    // MARK: The commit

    /// Sends a commit once.
    /// - Parameter lines: what it consists of, a line of JSON each.
    func commit(_ lines: [JSON], branch: String, asPullRequest: Bool) throws -> JSON {
        let body = lines.map { $0.compactText + "\n" }.joined()
        let query = asPullRequest ? "?create_pr=1" : ""
        return try once(
            endpoint.api(repository, "commit/\(WebAddress.segment(branch))\(query)"), Array(body.utf8),
            type: "application/x-ndjson", isRepeatable: false)
    }

    // MARK: Sending

    private func post(_ address: WebAddress, _ body: JSON, type: String = "application/json") throws -> JSON {
        let bytes = Array(body.compactText.utf8)
        return try client.requester.patience.again { try once(address, bytes, type: type) }
    }

    private func once(
        _ address: WebAddress, _ body: [UInt8], type: String, isRepeatable: Bool = true
    ) throws -> JSON {
        var request = HTTPRequest()
        request.method = "POST"
        request.body = (body, type)
        request.accept = type.hasSameBytes(as: HubCalls.lfsType) ? type : "application/json"
        request.authorization = client.authorization(for: address)
        request.isRepeatable = isRepeatable
        let response = try client.requester.send(request, to: address)
        let head = response.head
        try client.requester.refusePassing(head, address.host)
        let bytes = try response.body(limit: HubCalls.limit)
        let json = try? JSON.parse(bytes)
        guard (200..<300).contains(head.status) else {
            throw HubUploadRefusal(
                status: head.status, words: head["x-error-message"] ?? json?["error"]?.string ?? "")
        }
        // Some answers are empty, and none of those is read.
        return json ?? .null
    }
}

/// How an object gets to the Hub's store.
struct LFSAction: Sendable {
    /// Where the whole object is sent, or where its parts are put together.
    let address: WebAddress
    /// Where each part is sent, and the bytes of each but the last one; `nil` for an object that is sent whole.
    let parts: (addresses: [WebAddress], size: Int)?
    /// Where the Hub is asked to look at it; `nil` where it does not want to be.
    let verify: WebAddress?
    /// What the Hub answered, by which ``init(text:_:)`` makes the same action of it.
    let text: String

    /// Reads what a journal kept of an answer; `nil` where it kept none.
    init?(text: String, _ endpoint: HubEndpoint) {
        guard let json = try? JSON.parse(Array(text.utf8)), let upload = json["upload"],
            let action = try? LFSAction(upload, verify: json["verify"], endpoint)
        else { return nil }
        self = action
    }

    /// Reads what the Hub answers for an object.
    init(_ upload: JSON, verify: JSON?, _ endpoint: HubEndpoint) throws(NetworkError) {
        text =
            JSON.object([
                JSON.Member("upload", upload), JSON.Member("verify", verify ?? .null),
            ]).compactText
        func address(_ text: String?) throws(NetworkError) -> WebAddress {
            guard let address = text.flatMap({ WebAddress($0) }),
                address.isSecure || !endpoint.address.isSecure
            else { throw NetworkError(.malformed, "the Hub names no place to send to", isPassing: false) }
            return address
        }
        self.address = try address(upload["href"]?.string)
        self.verify = if let href = verify?["href"]?.string { try address(href) } else { nil }
        let header = upload["header"]
        let chunk = header?["chunk_size"]
        guard let size = chunk?.integer ?? chunk?.string.flatMap({ Digits.value($0) }) else {
            parts = nil
            return
        }
        var addresses: [WebAddress] = []
        while let text = header?["\(addresses.count + 1)"]?.string
            ?? header?[padded(addresses.count + 1)]?.string
        {
            addresses.append(try address(text))
        }
        guard size > 0, !addresses.isEmpty else {
            throw NetworkError(.malformed, "the Hub names no parts to send", isPassing: false)
        }
        parts = (addresses, size)
    }
}

/// "00001" for the first part, as the Hub pads numbers.
private func padded(_ number: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
}

import Formats
import Manifests

/// A bill of materials as SPDX 3.0.1 in JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/), with its profiles for
/// AI, data sets, builds and simple licensing.
struct SPDXDocument {
    /// What the document states, in no format yet.
    let bill: BillOfMaterials
    /// What all identifiers of elements begin with.
    private let base: String

    /// Takes a bill; the document follows from it alone, byte for byte.
    init(_ bill: BillOfMaterials) {
        self.bill = bill
        base = "urn:uuid:\(bill.uuid)#"
    }

    /// The whole document: the context and all elements in one graph.
    var json: JSON {
        let elements = agents + packages + licenses + relationships
        let collections = [document, sbom(of: elements)]
        return [
            "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            "@graph": .array([creation] + collections + elements),
        ]
    }

    /// The identifier of an element by what it is and its name.
    func id(_ kind: String, _ name: String) -> JSON { .string("\(base)\(kind)/\(PackageURL.encoded(name))") }

    /// An element: its type and identifier, the creation that all share, and its own members.
    func element(_ type: String, _ id: JSON, _ members: KeyValuePairs<String, JSON?>) -> JSON {
        let head: [JSON.Member] = [
            .init("type", .string(type)), .init("spdxId", id),
            .init("creationInfo", .string(Self.creationName)),
        ]
        return .object(head + (JSON.record(members).members ?? []))
    }

    private static let creationName = "_:creation"

    /// SPDX asks for a time. Where none is given it is the beginning of 1970, and the comment states it.
    private var creation: JSON {
        .record([
            "type": "CreationInfo", "@id": .string(Self.creationName), "specVersion": "3.0.1",
            "created": .string(bill.created ?? "1970-01-01T00:00:00Z"),
            "createdBy": [id("agent", "knapsack")],
            "createdUsing": [id("tool", "knapsack")],
            "comment": bill.created == nil
                ? "The document follows from the lock alone, and carries no time: created is a placeholder."
                : nil,
        ])
    }

    private var document: JSON {
        element(
            "SpdxDocument", id("document", "sbom"),
            [
                "name": .string(bill.lock.bundle.name), "profileConformance": profiles,
                "rootElement": [id("sbom", bill.lock.bundle.name)],
            ])
    }

    private func sbom(of elements: [JSON]) -> JSON {
        element(
            "software_Sbom", id("sbom", bill.lock.bundle.name),
            [
                "name": .string(bill.lock.bundle.name), "profileConformance": profiles,
                "rootElement": [bundleID], "element": .array(elements.compactMap { $0["spdxId"] }),
                "software_sbomType": ["build"],
            ])
    }

    private var profiles: JSON {
        var profiles: [JSON] = ["core", "software", "simpleLicensing"]
        if bill.all.contains(where: { $0.entry.kind == .model }) { profiles.append("ai") }
        if bill.all.contains(where: { $0.entry.kind == .dataset }) { profiles.append("dataset") }
        if bill.items.contains(where: { $0.conversion != nil }) { profiles.append("build") }
        return .array(profiles)
    }

    /// Who made the document, and who publishes what the bundle holds: organizations and people are not told apart.
    private var agents: [JSON] {
        let own = [
            element("SoftwareAgent", id("agent", "knapsack"), ["name": "knapsack"]),
            element("Tool", id("tool", "knapsack"), ["name": "knapsack"]),
        ]
        var seen: Set<ExactName> = []
        return own
            + bill.all.compactMap { item in
                guard let owner = item.owner, let page = item.ownerPage,
                    seen.insert(ExactName(page)).inserted
                else { return nil }
                return element(
                    "Agent", id("agent", page),
                    [
                        "name": .string(owner),
                        "externalIdentifier": [
                            [
                                "type": "ExternalIdentifier", "externalIdentifierType": "urlScheme",
                                "identifier": .string("https://\(page)"),
                            ]
                        ],
                    ])
            }
    }
}

extension BillOfMaterials.Item {
    /// The page of who publishes it, without "https://"; `nil` where nobody is known.
    fileprivate var ownerPage: String? {
        guard let owner else { return nil }
        switch entry.origin {
        case .hub: return "huggingface.co/\(PackageURL.encoded(owner))"
        case .kaggle: return "www.kaggle.com/\(PackageURL.encoded(owner))"
        case .registry, .path, .conversion: return nil
        }
    }
}

extension SPDXDocument {
    /// The identifier of the element that is the bundle itself.
    var bundleID: JSON { id("bundle", bill.lock.bundle.name) }

    /// The agent that publishes an item.
    func supplier(of item: BillOfMaterials.Item) -> JSON? { item.ownerPage.map { id("agent", $0) } }
}

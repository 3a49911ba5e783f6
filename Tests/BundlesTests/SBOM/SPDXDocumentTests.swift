import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct SPDXDocumentTests {
    private let graph: [JSON]

    init() throws {
        graph = try #require(try SBOMSamples.json(SBOMSamples.lock(), .spdx)["@graph"]?.array)
    }

    private func elements(_ type: String) -> [JSON] { graph.filter { $0["type"]?.string == type } }

    private func relationships(_ type: String) -> [JSON] {
        graph.filter { $0["relationshipType"]?.string == type }
    }

    /// The end of an identifier, behind "#".
    private func name(_ id: JSON?) -> String {
        String(id?.string?.split(separator: "#", maxSplits: 1).last ?? "")
    }

    @Test func namesEveryElementOnceAndRefersToNothingThatIsNotThere() throws {
        let ids = graph.compactMap { $0["spdxId"]?.string }
        #expect(ids.count == graph.count - 1)
        #expect(Set(ids).count == ids.count)
        let known = Set(ids + ["expandedlicensing_NoAssertionLicense"])
        let references = graph.flatMap { element in
            ["from", "suppliedBy"].compactMap { element[$0]?.string }
                + ["to", "rootElement", "element", "originatedBy", "createdBy", "createdUsing"].flatMap {
                    element[$0]?.strings ?? []
                }
        }
        for reference in references { #expect(known.contains(reference), "\(reference)") }
    }

    @Test func givesEveryModelAndDataSetOneDeclaredAndOneConcludedLicense() {
        for package in elements("ai_AIPackage") + elements("dataset_DatasetPackage") {
            for type in ["hasDeclaredLicense", "hasConcludedLicense"] {
                #expect(relationships(type).count { $0["from"] == package["spdxId"] } == 1)
            }
        }
    }

    @Test func tellsDeclaredFromConcludedByWhoSaidIt() {
        func licenses(_ type: String, of entry: String) -> [String] {
            relationships(type).filter { name($0["from"]) == "entry/\(entry)" }.flatMap {
                $0["to"]?.array ?? []
            }
            .map { name($0) }
        }
        #expect(licenses("hasDeclaredLicense", of: "base") == ["license/Apache-2.0"])
        #expect(licenses("hasConcludedLicense", of: "base") == ["expandedlicensing_NoAssertionLicense"])
        #expect(licenses("hasDeclaredLicense", of: "texts") == ["expandedlicensing_NoAssertionLicense"])
        #expect(
            licenses("hasConcludedLicense", of: "texts")
                == ["license/MIT%20OR%20%28Apache-2.0%20AND%20LicenseRef-my-own%29"])
        #expect(licenses("hasDeclaredLicense", of: "tuned") == ["expandedlicensing_NoAssertionLicense"])
    }

    @Test func hasTheDigestOfEveryFile() throws {
        let files = elements("software_File")
        let lock = try SBOMSamples.lock()
        #expect(files.count == lock.entries.reduce(0) { $0 + $1.files.count })
        for entry in lock.entries {
            for file in entry.files {
                let element = files.first { $0["name"]?.string == entry.naturalPath(of: file).text }
                #expect(element?["verifiedUsing"]?.array?.first?["hashValue"]?.string == file.sha256.hex)
            }
        }
    }

    @Test func namesBaseModelsAndWhatWasConvertedAsAncestors() {
        let pairs = relationships("ancestorOf").map { "\(name($0["from"])) \(name($0["to"]?.array?.first))" }
        #expect(
            Set(pairs) == [
                "entry/base entry/adapter", "entry/base entry/cast", "entry/adapter entry/cast",
                "base/elsewhere/large entry/tuned", "base/a%20model%20without%20a%20name entry/tuned",
            ])
        #expect(relationships("dependsOn").map { name($0["from"]) } == ["entry/adapter"])
    }

    @Test func tellsConversionsAsBuilds() throws {
        let build = try #require(elements("build_Build").first)
        let parameters = build["build_parameter"]?.array?.compactMap { $0["key"]?.string }
        #expect(parameters == ["converter", "inputs-sha256", "dtype", "merge"])
        for (type, ends) in [
            ("hasInput", ["entry/base", "entry/adapter"]),
            ("hasOutput", ["file/models/cast/model.safetensors"]),
            ("invokedBy", ["agent/knapsack"]), ("usesTool", ["tool/knapsack"]),
        ] {
            let relationship = try #require(relationships(type).first)
            #expect(relationship["scope"]?.string == "build")
            #expect(relationship["from"] == build["spdxId"])
            #expect(relationship["to"]?.array?.map { name($0) } == ends)
        }
    }

    @Test func tellsWheelsFromThePackagesInThem() {
        let urls = elements("software_Package").compactMap { $0["software_packageUrl"]?.string }
        #expect(Set(urls) == ["pkg:pypi/dotted.name@2.0", "pkg:pypi/my-package@1.0%2Bcu118"])
        let ends = relationships("hasDistributionArtifact").map { name($0["to"]?.array?.first) }
        #expect(
            Set(ends) == [
                "file/wheels/wheels/dotted_name-2-py3-none-any.whl",
                "file/wheels/wheels/My_Package-1.0%2Bcu118-py3-none-any.whl",
            ])
    }
}

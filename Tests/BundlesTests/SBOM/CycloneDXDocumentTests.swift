import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct CycloneDXDocumentTests {
    private func document() throws -> JSON { try SBOMSamples.json(SBOMSamples.lock(), .cyclonedx) }

    private func component(_ folder: String) throws -> JSON {
        try #require(try document()["components"]?.array?.first { $0["bom-ref"]?.string == folder })
    }

    @Test func namesEveryEntryAndFileOnce() throws {
        let names = Self.values(of: "bom-ref", in: try document())
        #expect(Set(names).count == names.count)
        let lock = try SBOMSamples.lock()
        for entry in lock.entries {
            #expect(names.contains("\(entry.kind.folder)/\(entry.name)"))
            for file in entry.files { #expect(names.contains(entry.naturalPath(of: file).text)) }
        }
    }

    @Test func refersToNothingThatIsNotThere() throws {
        let document = try document()
        let names = Set(Self.values(of: "bom-ref", in: document))
        let list = try #require(document["dependencies"]?.array)
        let references =
            Self.values(of: "ref", in: document) + list.flatMap { $0["dependsOn"]?.strings ?? [] }
        for reference in references { #expect(names.contains(reference), "\(reference)") }
        #expect(list.compactMap { $0["ref"]?.string }.count == 8)
    }

    @Test func whatIsNotPackedIsNoComponentButStaysAnAncestor() throws {
        let document = try SBOMSamples.json(SBOMSamples.lock(without: ["base"]), .cyclonedx)
        let components = try #require(document["components"]?.array)
        #expect(!components.contains { $0["bom-ref"]?.string == "models/base" })
        let used = try #require(document["formulation"]?.array?.first?["components"]?.array)
        #expect(used.compactMap { $0["bom-ref"]?.string } == ["models/base"])
        let cast = try #require(components.first { $0["bom-ref"]?.string == "models/cast" })
        #expect(cast["pedigree"]?["ancestors"]?.array?.first?["version"]?.string == SBOMSamples.commit)
        let names = Set(Self.values(of: "bom-ref", in: document))
        let list = try #require(document["dependencies"]?.array)
        for reference in Self.values(of: "ref", in: document)
            + list.flatMap({ $0["dependsOn"]?.strings ?? [] })
        {
            #expect(names.contains(reference), "\(reference)")
        }
        #expect(!list.flatMap { $0["dependsOn"]?.strings ?? [] }.contains("models/base"))
    }

    @Test func givesModelsOfTheHubAPackageURL() throws {
        let base = try component("models/base")
        #expect(base["purl"]?.string == "pkg:huggingface/org/Base_Model@\(SBOMSamples.commit)")
        #expect(base["type"]?.string == "machine-learning-model")
        #expect(base["modelCard"]?["modelParameters"]?["modelArchitecture"]?.string == "qwen2")
        #expect(try component("datasets/texts")["purl"] == nil)
        #expect(try component("models/tuned")["version"]?.string == "3")
    }

    @Test func saysWhoSaidWhichLicense() throws {
        let declared: JSON = [["license": ["id": "Apache-2.0", "acknowledgement": "declared"]]]
        #expect(try component("models/base")["licenses"] == declared)
        let named: JSON = [["license": ["name": "llama3.1", "acknowledgement": "declared"]]]
        #expect(try component("models/adapter")["licenses"] == named)
        let concluded: JSON = [
            ["expression": "MIT OR (Apache-2.0 AND LicenseRef-my-own)", "acknowledgement": "concluded"]
        ]
        #expect(try component("datasets/texts")["licenses"] == concluded)
        #expect(try component("models/tuned")["licenses"] == nil)
    }

    @Test func namesBaseModelsThatAreThereAndThatAreNot() throws {
        let adapter = try component("models/adapter")
        let ancestors = try #require(adapter["pedigree"]?["ancestors"]?.array)
        #expect(ancestors.count == 1)
        #expect(ancestors.first?["purl"]?.string == "pkg:huggingface/org/Base_Model")
        #expect(ancestors.first?["version"] == nil)
        let tuned = try #require(try component("models/tuned")["pedigree"]?["ancestors"]?.array)
        #expect(tuned.map { $0["purl"]?.string } == ["pkg:huggingface/elsewhere/large", nil])
        let dependency = try document()["dependencies"]?.array?.first {
            $0["ref"]?.string == "models/adapter"
        }
        #expect(dependency?["dependsOn"]?.strings == ["models/base"])
    }

    @Test func tellsConversionsWithInputsParametersAndOutputs() throws {
        let cast = try component("models/cast")
        #expect(
            cast["pedigree"]?["ancestors"]?.array?.map { $0["name"]?.string } == ["Base_Model", "adapter"])
        let first = cast["pedigree"]?["ancestors"]?.array?.first
        #expect(first?["purl"]?.string == "pkg:huggingface/org/Base_Model@\(SBOMSamples.commit)")
        let workflow = try #require(try document()["formulation"]?.array?.first?["workflows"]?.array?.first)
        let expected: JSON = [
            ["resource": ["ref": "models/base"]], ["resource": ["ref": "models/adapter"]],
            ["parameters": [["name": "dtype", "value": "f16"], ["name": "merge", "value": "adapter"]]],
        ]
        #expect(workflow["inputs"] == expected)
        #expect(
            workflow["outputs"]
                == [["type": "artifact", "resource": ["ref": "models/cast/model.safetensors"]]] as JSON)
    }

    /// The texts of all members of this name, at any depth.
    private static func values(of key: String, in json: JSON) -> [String] {
        let own = json.members?.compactMap { $0.key == key ? $0.value.string : nil } ?? []
        let below = (json.members?.map(\.value) ?? []) + (json.array ?? [])
        return own + below.flatMap { values(of: key, in: $0) }
    }
}

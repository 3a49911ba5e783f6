import TestSupport
import Testing

@testable import Bundles
@testable import Formats
@testable import Manifests
@testable import Storage

/// Bills of materials have an element for each of two files whose names look alike.
@Suite struct TwinBillTests {
    @Test(arguments: Twins.all)
    func bothTwinsAreListed(_ twins: Twins) throws {
        let files = [
            try Samples.file(RelativePath(checked: twins.first), content: "one"),
            try Samples.file(RelativePath(checked: twins.second), content: "two"),
        ]
        let lock = Lock(bundle: Samples.bundle, entries: [Samples.entry("f", kind: .files, files: files)])
        let bill = try BillOfMaterials(lock)
        let components = CycloneDXDocument(bill).json["components"]?.array?.first?["components"]?.array ?? []
        let references = components.compactMap { $0["bom-ref"]?.string }
        #expect(components.count == 2)
        #expect(Set(references.map { ExactName($0) }).count == 2)
        let elements = SPDXDocument(bill).json["@graph"]?.array ?? []
        let identifiers = elements.filter { $0["type"] == "software_File" }.compactMap {
            $0["spdxId"]?.string
        }
        #expect(identifiers.count == 2)
        #expect(Set(identifiers.map { ExactName($0) }).count == 2)
        #expect(identifiers.filter { !$0.utf8Span.isKnownASCII }.isEmpty)
    }
}

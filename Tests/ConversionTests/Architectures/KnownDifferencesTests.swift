import Testing

@testable import Conversion

/// Classes whose answers in llama.cpp are not the model's.
@Suite struct KnownDifferencesTests {
    @Test(arguments: [
        "BertForSequenceClassification", "CamembertModel", "DistilBertForSequenceClassification",
    ])
    func theyAreTold(name: String) {
        #expect(ArchitectureRegistry.classes.contains(name))
        #expect(KnownDifferences.findings(name).map(\.weight) == [.warning])
    }

    @Test func othersAreNot() { #expect(KnownDifferences.findings("BertModel").isEmpty) }
}

/// The methods of Kaggle's interface that are called (kagglesdk 0.1.38): `POST /v1/SERVICE/METHOD`.
enum KaggleMethod: String, Sendable {
    case listModels = "models.ModelApiService/ListModels"
    case getModel = "models.ModelApiService/GetModel"
    case getModelInstance = "models.ModelApiService/GetModelInstance"
    case listModelFiles = "models.ModelApiService/ListModelInstanceVersionFiles"
    case downloadModel = "models.ModelApiService/DownloadModelInstanceVersion"
    case listDatasets = "datasets.DatasetApiService/ListDatasets"
    case getDataset = "datasets.DatasetApiService/GetDataset"
    case listDatasetFiles = "datasets.DatasetApiService/ListDatasetFiles"
    case downloadDataset = "datasets.DatasetApiService/DownloadDataset"
}

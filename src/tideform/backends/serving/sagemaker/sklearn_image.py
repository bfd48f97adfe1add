"""AWS's own scikit-learn image: what a model runs in when the spec names no image.

The registry is another account in each region. Source: the image registry of the SageMaker Python SDK,
https://github.com/aws/sagemaker-python-sdk (src/sagemaker/image_uri_config/sklearn.json), version 1.2-1.
"""

from __future__ import annotations

from tideform.components.scope import Scope
from tideform.errors import TideformError

_REGISTRIES = {
    "af-south-1": "510948584623", "ap-east-1": "651117190479", "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698", "ap-northeast-3": "867004704886", "ap-south-1": "720646828776",
    "ap-south-2": "628508329040", "ap-southeast-1": "121021644041", "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941", "ap-southeast-4": "106583098589", "ca-central-1": "341280168497",
    "cn-north-1": "450853457545", "cn-northwest-1": "451049120500", "eu-central-1": "492215442770",
    "eu-central-2": "680994064768", "eu-north-1": "662702820516", "eu-south-1": "978288397137",
    "eu-south-2": "104374241257", "eu-west-1": "141502667606", "eu-west-2": "764974769150",
    "eu-west-3": "659782779980", "me-central-1": "272398656194", "me-south-1": "801668240914",
    "sa-east-1": "737474898029", "us-east-1": "683313688378", "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967", "us-gov-west-1": "414596584902", "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}  # fmt: skip


def sklearn_image(scope: Scope) -> str:
    """The image in the deployment's region. Raises `TideformError` (TD213) where AWS offers none."""
    account = _REGISTRIES.get(scope.region)
    if account is None:
        raise TideformError.of(
            "TD213",
            "There is no default image in this region",
            detail=f"AWS offers its scikit-learn image in other regions than {scope.region}.",
            fix="Name the container under model.image.",
        )
    return f"{account}.dkr.ecr.{scope.region}.{scope.dns_suffix}/sagemaker-scikit-learn:1.2-1-cpu-py3"

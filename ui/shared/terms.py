"""The field's terms in one sentence each: the help that stands where a term first appears. No streamlit."""

from __future__ import annotations

LATENT_SPACE = (
    "The numbers by which a model describes an image: each image is a point, and like images lie near each other."
)
LATENT_DIMENSION = "One of the numbers (z0, z1, …) by which the model describes an image."
POSTERIOR_MEAN = "The point in latent space where the encoder puts an image, before noise is added."
PRINCIPAL_AXIS = (
    "A direction through the mean of the test images' posterior means; along PC 1 they vary most, and each is at right "
    "angles to the others. It moves several latent dimensions at once; 0 is the mean. The bar is its share of the "
    "variance."
)
PRIOR = "The standard normal distribution, from which new latent vectors are drawn."
KL = "How many nats the latent vector tells about an image; near 0 the decoder ignores it."
ELBO = "Evidence lower bound: the log-likelihood of the reconstruction minus the KL, in nats; higher is better."
RECONSTRUCTION = "What the decoder draws from an image's own point in latent space."
LATENT_MAP = "Every test image at its point in latent space, flattened to two dimensions."
TEST_LOSS = (
    "Mean over the test images, in nats; lower is better. Compare it only with models of the same images, likelihood "
    "and kind of loss."
)
CODE = "This is an autoencoder: its latent vector is one point without a spread, a code, so it has no KL and no ELBO."
VARIANCE = "How far apart the test images lie along a dimension."
LOG_LIKELIHOOD = "Log-likelihood of the reconstruction, in nats; higher is better."
OF_PANEL = {  # what the live decoder explains, by the names that its front end knows
    "code": CODE,
    "elbo": ELBO,
    "kl": KL,
    "latent_dimension": LATENT_DIMENSION,
    "log_likelihood": LOG_LIKELIHOOD,
    "posterior_mean": POSTERIOR_MEAN,
    "principal_axis": PRINCIPAL_AXIS,
    "prior": PRIOR,
    "variance": VARIANCE,
}

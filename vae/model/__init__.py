"""The VAE itself: layers, networks, likelihoods, the bound. torch is imported by what computes."""

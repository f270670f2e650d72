"""Who somebody is: clothes, hair and face, bags, and a person made of all of them."""

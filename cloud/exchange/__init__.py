"""Out to the hospitals: couriers that carry deliveries over the connections of a tenant."""
